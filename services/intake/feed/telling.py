"""All that one client is told: what it missed, read from the stream, then what comes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from operator import attrgetter

from events.store_errors import StoreError
from events.stream import Stream
from intake.feed.blocks import block, heartbeat, reset
from intake.feed.feed import Feed, Filter, Listener
from intake.projection import Position, Projection

AT_ONCE = 100
"""Events of the past that are sent together, so that others come to their turn in between."""
EVERYTHING = Filter()
LAG = 0.05
"""Seconds until what a follower did not have yet is read again."""


class Telling:
    """One client's connection."""

    _at: Position
    """The last event of the past that it was told, or that was not for it."""

    def __init__(
        self, projection: Projection, feed: Feed, stream: Stream, wanted: Filter, heartbeat: float
    ) -> None:
        """`heartbeat`: seconds after which a quiet connection is shown to be alive."""
        self._projection = projection
        self._feed = feed
        self._stream = stream
        self._wanted = wanted
        self._heartbeat = heartbeat

    async def blocks(self, last_id: str | None) -> AsyncGenerator[bytes, None]:
        """From the id that the client comes back with; without one, from now on.

        Ends when the client is too slow, and when the stream is made anew: it comes back by itself.
        """
        while not self._projection.complete:
            yield b": the stream is being read\n\n"
            await asyncio.sleep(1)
        now = self._projection.position
        self._at = Position.parse(last_id) if last_id else now
        with suppress(StoreError):
            if not await self._is_known(now):
                self._at = Position(now.incarnation, 0)
                yield reset(self._at)
            yield heartbeat(self._at)
            # What was missed may be long: nothing is collected for this client while it is read, and what
            # came meanwhile is read after that.
            async for text in self._missed():
                yield text
            with self._feed.listening(self._wanted) as listener:
                async for text in self._missed():
                    yield text
                async for text in self._live(listener):
                    yield text

    async def _is_known(self, now: Position) -> bool:
        """Whether `at` is a place of the stream as it stands. Raises `StoreError`.

        After a restore from an earlier backup, which keeps when the stream was made, a later place is not.
        """
        if self._at.incarnation != now.incarnation or self._at.sequence <= now.sequence:
            return self._at.incarnation == now.incarnation
        # The replica that the client comes from may be ahead of this one.
        last = await self._stream.last(EVERYTHING.subject, from_leader=True)
        return last is not None and last.sequence >= self._at.sequence

    async def _missed(self) -> AsyncIterator[bytes]:
        """What stands after `at` and up to the projection's position. Raises `StoreError`."""
        end = self._projection.position
        if self._at.sequence >= end.sequence or self._at.incarnation != end.incarnation:
            return
        while self._at.sequence < end.sequence:
            async for text in self._read(end):
                yield text
            if self._at.sequence < end.sequence and await self._all_read():
                self._at = end
        yield heartbeat(end)

    async def _read(self, end: Position) -> AsyncIterator[bytes]:
        """What one reading finds of it, many together. `at` is then the last of it, `end` once past that."""
        texts: list[bytes] = []
        async for stored in self._stream.read(self._wanted.subject, start=self._at.sequence + 1):
            if stored.sequence > end.sequence:
                self._at = end
                break
            self._at = Position(end.incarnation, stored.sequence)
            texts.append(block(end.incarnation, stored).text)
            if len(texts) == AT_ONCE:
                yield b"".join(texts)
                texts.clear()
                await asyncio.sleep(0)
        if texts:
            yield b"".join(texts)

    async def _all_read(self) -> bool:
        """Whether nothing stands after `at`: on a cluster a follower is read, which may lag behind."""
        last = await self._stream.last(self._wanted.subject, from_leader=True)
        if last is None or last.sequence <= self._at.sequence:
            return True
        await asyncio.sleep(LAG)
        return False

    async def _live(self, listener: Listener) -> AsyncIterator[bytes]:
        """What comes, as long as it follows on what was told."""
        at, there = self._at, self._projection
        while not listener.dropped and there.position.incarnation == at.incarnation:
            taken = await listener.take(self._heartbeat)
            new = [told.text for told in taken if told.sequence > at.sequence]
            if new:
                yield b"".join(new)
            elif not listener.dropped:
                yield heartbeat(max(at, there.position, key=attrgetter("sequence")))
