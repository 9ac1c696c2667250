"""The objects, the one counter of versions, and the history that watches read."""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from onramp.sandbox.kubernetes.resources import Object, Resource

HISTORY_KEPT = 20_000


@dataclass(frozen=True)
class Key:
    """Where an object is: its resource, its namespace ("" for a cluster's own) and its name."""

    resource: Resource
    namespace: str
    name: str


@dataclass(frozen=True)
class Change:
    """One write: the object before (None when it was created) and after (None when it was removed)."""

    version: int
    key: Key
    before: Object | None
    after: Object | None


class Store:
    """Objects by key. A stored object is never altered: a write puts another in its place."""

    def __init__(self) -> None:
        self.version = 1
        self.oldest = 1
        self.listeners: list[Callable[[Change], None]] = []
        self._objects: dict[Key, Object] = {}
        self._history: list[Change] = []
        self._news = asyncio.Event()

    def get(self, key: Key) -> Object | None:
        """The object, not to be altered, or None."""
        return self._objects.get(key)

    def all(self, resource: Resource, namespace: str = "") -> list[tuple[Key, Object]]:
        """Every object of a resource, in one namespace or in all of them, by namespace and name."""
        found = [
            (key, stored)
            for key, stored in self._objects.items()
            if key.resource is resource and (not namespace or key.namespace == namespace)
        ]
        return sorted(found, key=lambda pair: (pair[0].namespace, pair[0].name))

    def write(self, key: Key, new: Object) -> Object:
        """Store an object under the next version."""
        self.version += 1
        new["metadata"]["resourceVersion"] = str(self.version)
        before = self._objects.get(key)
        self._objects[key] = new
        self._record(Change(self.version, key, before, new))
        return new

    def remove(self, key: Key) -> None:
        """Remove an object; that too takes a version."""
        self.version += 1
        self._record(Change(self.version, key, self._objects.pop(key), None))

    def since(self, version: int) -> Iterator[Change]:
        """What happened after a version, oldest first."""
        start = bisect_right(self._history, version, key=lambda change: change.version)
        yield from self._history[start:]

    def expire(self) -> None:
        """Forget the history: a watch that starts or stands before this moment is answered with 410."""
        self.oldest = self.version
        self._history.clear()
        self.announce()

    def announce(self) -> None:
        """Wake whoever waits for news."""
        self._news.set()
        self._news = asyncio.Event()

    async def news(self, seconds: float) -> None:
        """Return at the next change, or after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return

    def _record(self, change: Change) -> None:
        self._history.append(change)
        if len(self._history) > 2 * HISTORY_KEPT:
            del self._history[:HISTORY_KEPT]
            self.oldest = self._history[0].version - 1
        for listener in self.listeners:
            listener(change)
        self.announce()
