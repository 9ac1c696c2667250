"""How long whoever listens on and on may: as long as the session or the token that let them in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from math import inf
from time import time
from weakref import WeakValueDictionary

from intake.signin.problems import Unauthenticated

ENDED = "the session or the token has ended: sign in again"


class Stay:
    """What one session or one token gives; without an end, until one is told."""

    def __init__(self) -> None:
        self._until = inf
        self._waits: set[asyncio.Timeout] = set()

    def end(self, at: float = 0.0) -> None:
        """It lasts no longer than to this moment, in Unix seconds; without one, it is over."""
        self._until = min(self._until, at)
        for wait in self._waits:
            if not wait.expired():
                wait.reschedule(self._end)

    @asynccontextmanager
    async def lasting(self) -> AsyncIterator[None]:
        """Around what is waited for. Raises `Unauthenticated` as soon as the stay is over."""
        if self._until <= time():
            raise Unauthenticated(ENDED)
        wait = asyncio.timeout_at(self._end)
        self._waits.add(wait)
        try:
            async with wait:
                yield
        except TimeoutError:
            if not wait.expired():
                raise
            raise Unauthenticated(ENDED) from None
        finally:
            self._waits.discard(wait)

    @property
    def _end(self) -> float | None:
        """By the event loop's clock."""
        return None if self._until == inf else asyncio.get_running_loop().time() + self._until - time()


class Stays:
    """What the sessions give: all connections of one in this process share it, and it goes with the last."""

    def __init__(self) -> None:
        self._known: WeakValueDictionary[str, Stay] = WeakValueDictionary()

    def of(self, session: str) -> Stay:
        """A session's."""
        return self._known.setdefault(session, Stay())

    def end(self, session: str) -> None:
        """The session has ended: whoever listens by it is cut off."""
        if stay := self._known.get(session):
            stay.end()
