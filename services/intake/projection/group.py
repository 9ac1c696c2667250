"""Some servers, in both orders of a list."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator, Mapping

from events.status import ServerStatus
from intake.projection.orders import ByChange, ByName
from intake.projection.page import Wanted

FIRST_LOOK, LONGEST_LOOK = 16, 4096
"""Servers that are looked at together: few for a page that is soon full, many where few are wanted."""


class Group:
    """Names of servers; how each stands now is looked up in `servers`, which has them all."""

    def __init__(self, servers: Mapping[str, ServerStatus]) -> None:
        self._servers = servers
        self._by_name = ByName(servers)
        self._by_change: ByChange | None = None
        """Made when it is first asked for, which of most groups it never is, and kept up from then on."""

    def __len__(self) -> int:
        return len(self._by_name.keys)

    def join(self, name: str) -> None:
        """A server is one of them; it has changed, or is about to be told of by `note`."""
        insort(self._by_name.keys, name)

    def leave(self, name: str) -> None:
        """It is one of them no more: it changed, or is nowhere any more."""
        del self._by_name.keys[bisect_left(self._by_name.keys, name)]
        if self._by_change:
            self._by_change.tidy(len(self))

    def note(self, status: ServerStatus) -> None:
        """One of them has changed, later than any other."""
        if self._by_change:
            self._by_change.append(status)
            self._by_change.tidy(len(self))

    def walk(self, wanted: Wanted) -> Iterator[ServerStatus]:
        """Those with the text in their names, in the wanted order, from where the page before ended."""
        order = self._by_name if wanted.sort.by_name else self._changes()
        after, down = wanted.after, wanted.sort.down
        start, end = 0, len(order.keys)
        if after is not None and down:
            end = bisect_left(order.keys, after)
        elif after is not None:
            start = bisect_right(order.keys, after)
        size = FIRST_LOOK
        while start < end:
            low, high = (max(start, end - size), end) if down else (start, min(end, start + size))
            found = order.look(low, high, wanted.text)
            yield from reversed(found) if down else found
            start, end = (start, low) if down else (high, end)
            size = min(2 * size, LONGEST_LOOK)

    def _changes(self) -> ByChange:
        if self._by_change is None:
            self._by_change = ByChange(self._servers, self._by_name.keys)
        return self._by_change
