"""Delivery rule 7, a breaker per backend address: a dead backend costs little and starves nobody.

While a breaker is open, a call is refused at once; one probe at a time is let through. Those that wait
are given one slot after the other, so that they come back at `resume_rate`, while they pile up and while
it is dead as well as after it has come back.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import ClassVar

from events import metrics
from events.errors import Refuse, Retry, Unreachable

OPENS_AFTER = 3
FIRST_PROBE = 1.0
LONGEST_PROBE = 30.0

_unanswered: ContextVar[set[str] | None] = ContextVar("unanswered", default=None)


def watch_calls() -> set[str]:
    """The names of the backends that this task, and those it starts, gave up waiting for; it fills up."""
    unanswered: set[str] = set()
    _unanswered.set(unanswered)
    return unanswered


class Backend:
    """One backend's address, and whether it answers. Clients wrap each call: `async with backend.call():`."""

    resume_rate: ClassVar[float] = 30.0
    """Messages a second that a backend's waiting servers come back at, altogether."""

    by_address: ClassVar[dict[str, "Backend"]] = {}

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address
        self.failures = 0
        self.trouble = f"{name} does not answer"
        """What was said when it failed last: a sealed OpenBao wants something else than a dead one."""
        self._probe_at = 0.0
        self._probing = False
        self._slots: deque[float] = deque()
        """When those that wait come back, the next one first."""
        Backend.by_address[address] = self
        metrics.BREAKER_OPEN.labels(name).set_function(lambda: self.open)
        metrics.BACKEND_WAITING.labels(name).set_function(lambda: self.waiting)

    @property
    def open(self) -> bool:
        """Whether calls are refused: it failed several times in a row and has not answered since."""
        return self.failures >= OPENS_AFTER

    @property
    def waiting(self) -> int:
        """How many messages this process has handed back that have not come again yet, here or elsewhere."""
        now = time.monotonic()
        while self._slots and self._slots[0] <= now:
            self._slots.popleft()
        return len(self._slots)

    @property
    def probe_due(self) -> bool:
        """Whether the next call would be let through to see if it is back."""
        return self.open and not self._probing and time.monotonic() >= self._probe_at

    @asynccontextmanager
    async def call(self) -> AsyncIterator[None]:
        """Around one call. Raises `Retry` without calling while the breaker is open."""
        if self.open and not self.probe_due:
            raise Retry(f"{self.trouble}; waiting for it", backend=self.address)
        probing = self.open
        self._probing = self._probing or probing
        try:
            yield
        except Unreachable as unreachable:
            self.trouble = unreachable.reason
            # Calls that were under way when it opened say nothing new: only a probe makes the wait longer.
            if probing or not self.open:
                self._failed()
            raise
        except asyncio.CancelledError:
            if (unanswered := _unanswered.get()) is not None:
                unanswered.add(self.name)
            raise
        except Refuse:
            self.failures = 0
            raise
        else:
            self.failures = 0
        finally:
            self._probing = self._probing and not probing

    def delay(self) -> float:
        """Seconds after which one of those that wait should come back: the next slot that is free."""
        now = time.monotonic()
        first = max(self._probe_at, now + FIRST_PROBE)
        self._slots.append(max(self._slots[-1] + 1 / self.resume_rate, first) if self.waiting else first)
        return self._slots[-1] - now

    def _failed(self) -> None:
        self.failures += 1
        wait: float = min(FIRST_PROBE * 2 ** max(self.failures - OPENS_AFTER, 0), LONGEST_PROBE)
        self._probe_at = time.monotonic() + wait
