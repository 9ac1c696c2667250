"""What is read often and changes seldom, remembered for seconds."""

from asyncio import Lock
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """A value that is read again once it is old."""

    def __init__(self, read: Callable[[], Awaitable[T]], ttl: float) -> None:
        """`ttl`: seconds."""
        self._read = read
        self._ttl = ttl
        self._known: tuple[float, T] | None = None
        self._reading = Lock()

    async def get(self, ttl: float | None = None) -> T:
        """The value, at most this many seconds old. Raises what reading it raises.

        Those who find it old at the same time wait for one reading.
        """
        oldest = monotonic() - (self._ttl if ttl is None else min(ttl, self._ttl))
        if self._known is not None and self._known[0] > oldest:
            return self._known[1]
        async with self._reading:
            if self._known is None or self._known[0] <= oldest:
                self._known = monotonic(), await self._read()
            return self._known[1]
