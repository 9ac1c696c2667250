"""Each event as it is stored, handed on to everybody who listens in this process.

A listener who is too slow is dropped: it comes back with the last id it got, and nobody else waits for it.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from events.stored import Stored
from events.subjects import event_subject, parse
from intake.feed.blocks import Block, block

MOST_WAITING = 1000
"""Events that a listener may be behind."""


@dataclass(frozen=True)
class Filter:
    """The events that somebody listens for; `None` is any."""

    site: str | None = None
    server: str | None = None

    @property
    def subject(self) -> str:
        """What they are stored on."""
        return event_subject("*", self.site or "*", self.server or "*")

    def fits(self, site: str, server: str) -> bool:
        """Whether an event is one of them."""
        return self.site in (None, site) and self.server in (None, server)


class Listener:
    """Events that wait for one client."""

    def __init__(self, wanted: Filter) -> None:
        self.wanted = wanted
        self.dropped = False
        """Nothing comes any more, and what waited is gone."""
        self._waiting: deque[Block] = deque()
        self._something = asyncio.Event()

    def put(self, told: Block) -> None:
        """One more."""
        if len(self._waiting) == MOST_WAITING:
            self.drop()
        else:
            self._waiting.append(told)
            self._something.set()

    def drop(self) -> None:
        """No more."""
        self.dropped = True
        self._waiting.clear()
        self._something.set()

    async def take(self, seconds: float) -> list[Block]:
        """All that waits, as soon as something does; nothing after so many seconds, or once dropped."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._something.wait()
        taken = list(self._waiting)
        self._waiting.clear()
        self._something.clear()
        return taken


class Feed:
    """Everybody who listens."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def __len__(self) -> int:
        return len(self._listeners)

    @contextmanager
    def listening(self, wanted: Filter) -> Iterator[Listener]:
        """A listener to all that is stored from now on."""
        listener = Listener(wanted)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def tell(self, incarnation: str, stored: Stored) -> None:
        """Hand an event to those who want it, made ready once for all of them."""
        if not self._listeners:
            return
        address = parse(stored.subject)
        wanting = [who for who in self._listeners if who.wanted.fits(address.site, address.server)]
        if wanting:
            told = block(incarnation, stored)
            for listener in wanting:
                listener.put(told)
        self._listeners.difference_update([listener for listener in wanting if listener.dropped])

    def end(self) -> None:
        """Nothing more will come to those who listen now."""
        for listener in self._listeners:
            listener.drop()
        self._listeners.clear()
