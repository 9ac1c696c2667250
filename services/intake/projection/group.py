"""Some servers in both orders of a list: by name, and as they changed.

Whatever changes comes last among the changes, so they are a log: what a server was before stays in it, is
passed by, and goes when it has become too much. So to keep a group costs next to nothing a change.
"""

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping

from events.status import ServerStatus
from intake.projection.page import Wanted

FIRST_LOOK, LONGEST_LOOK = 16, 4096
"""Servers that are looked at together: few for a page that is soon full, many where few are wanted."""


class Group:
    """Names of servers; how each stands now is looked up in `servers`, which has them all."""

    def __init__(self, servers: Mapping[str, ServerStatus]) -> None:
        self._servers = servers
        self._names: list[str] = []
        self._changed: list[str] = []
        self._sequences = array("Q")
        """Of the changes in `_changed`. One that is not its server's newest counts no more."""

    def __len__(self) -> int:
        return len(self._names)

    def join(self, name: str) -> None:
        """A server is one of them; it has changed, or is about to be told of by `note`."""
        insort(self._names, name)

    def leave(self, name: str) -> None:
        """It is one of them no more: it changed, or is nowhere any more."""
        del self._names[bisect_left(self._names, name)]
        self._tidy()

    def note(self, status: ServerStatus) -> None:
        """One of them has changed, later than any other."""
        self._changed.append(status.server)
        self._sequences.append(status.sequence)
        self._tidy()

    def walk(self, wanted: Wanted) -> Iterator[ServerStatus]:
        """Those with the text in their names, in the wanted order, from where the page before ended."""
        key, after, down = wanted.sort.by_name, wanted.after, wanted.sort.down
        keys = self._names if key else self._sequences
        start, end = 0, len(keys)
        if after is not None and down:
            end = bisect_left(keys, after)
        elif after is not None:
            start = bisect_right(keys, after)
        look = self._by_name if key else self._by_change
        size = FIRST_LOOK
        while start < end:
            low, high = (max(start, end - size), end) if down else (start, min(end, start + size))
            found = look(low, high, wanted.text)
            yield from reversed(found) if down else found
            start, end = (start, low) if down else (high, end)
            size = min(2 * size, LONGEST_LOOK)

    def _by_name(self, low: int, high: int, text: str) -> list[ServerStatus]:
        servers = self._servers
        return [servers[name] for name in self._names[low:high] if text in name]

    def _by_change(self, low: int, high: int, text: str) -> list[ServerStatus]:
        servers = self._servers
        changes = zip(self._changed[low:high], self._sequences[low:high], strict=True)
        return [
            status
            for name, sequence in changes
            if text in name and (status := servers.get(name)) and status.sequence == sequence
        ]

    def _tidy(self) -> None:
        """Leave out of the log what counts no more, once it is a fifth of it."""
        if len(self._changed) <= 8 + len(self._names) * 5 // 4:
            return
        standing = self._by_change(0, len(self._changed), "")
        self._changed = [status.server for status in standing]
        self._sequences = array("Q", [status.sequence for status in standing])
