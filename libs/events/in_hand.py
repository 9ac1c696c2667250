"""Delivery rules 3 and 5: what one process has in hand, one message of a server at a time.

Every message passes the gate with the others, but a suspect passes it alone: when it kills the process,
no neighbour is taken for the culprit.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class InHand:
    """The gate of one process."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._count = 0
        self._alone = False
        self._servers: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def taken(self, server: str, *, alone: bool) -> AsyncIterator[None]:
        """Hold a server's message: `alone` waits until nothing else is in hand, and lets nothing in."""
        await self._enter(alone)
        try:
            lock = self._servers.setdefault(server, asyncio.Lock())
            async with lock:
                yield
        finally:
            await self._leave(alone)

    async def _enter(self, alone: bool) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: not self._alone)
            if alone:
                self._alone = True
                try:
                    await self._changed.wait_for(lambda: self._count == 0)
                except asyncio.CancelledError:
                    self._alone = False
                    self._changed.notify_all()
                    raise
            self._count += 1

    async def _leave(self, alone: bool) -> None:
        async with self._changed:
            self._count -= 1
            self._alone = self._alone and not alone
            self._changed.notify_all()
