"""Servers that stand alike, in the order of every sort: a page is merged from those that it asks for.

So a page costs what it holds, however few of however many servers it is about.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import islice
from math import isqrt

from events.status import ServerStatus, State
from intake.projection.page import CHANGE, NAME, Page, Wanted
from intake.projection.slim import step_at
from intake.projection.texts import Texts


class Groups:
    """All servers, as `servers` has them by name; it is told each change."""

    def __init__(self, servers: Mapping[str, ServerStatus]) -> None:
        self._servers = servers
        self._texts = Texts()
        self._all = _Group(servers.values())
        alike: dict[tuple[str, State, str | None], list[ServerStatus]] = {}
        for status in servers.values():
            self._texts.add(status.server)
            alike.setdefault(_alike(status), []).append(status)
        self._groups = {key: _Group(members) for key, members in alike.items()}

    def change(self, before: ServerStatus | None, status: ServerStatus) -> None:
        """A server stands otherwise than before, or was not there."""
        if before is None:
            self._texts.add(status.server)
        else:
            self._all.remove(before)
            self._groups[_alike(before)].remove(before)
        self._all.add(status)
        self._groups.setdefault(_alike(status), _Group()).add(status)

    def page(self, wanted: Wanted) -> Page:
        """The servers that are wanted, from where the page before ended."""
        groups = [group for key, group in self._groups.items() if wanted.fits(*key)]
        size = sum(map(len, groups))
        few = self._few(wanted.text, size * wanted.limit) if wanted.text else None
        if few is not None:
            groups = [few]
        elif 2 * size > len(self._all):
            # To pass some by is less than to put most of them together.
            groups = [self._all]
        parts = [group.in_order(wanted) for group in groups]
        found = merge(*parts, key=wanted.sort.key, reverse=wanted.sort.down)
        fitting = (status for status in found if wanted.fits(*_alike(status)))
        return Page.of(list(islice(fitting, wanted.limit + 1)), wanted)

    def _few(self, text: str, product: int) -> "_Group | None":
        """The servers that may hold the text, where it is less to look at those than to go through groups.

        `product`: servers that fit otherwise, times the page. A text in n of m names is met every m/n names,
        and to look at one of the n costs five times as much: that is less up to 5n² = m times the page.
        """
        names = self._texts.candidates(text, isqrt(product // 5))
        return None if names is None else _Group(self._servers[name] for name in names if text in name)


class _Group:
    """Some servers, in both orders."""

    def __init__(self, servers: Iterable[ServerStatus] = ()) -> None:
        self.by_name = sorted(servers, key=NAME)
        self.by_change = sorted(self.by_name, key=CHANGE)

    def __len__(self) -> int:
        return len(self.by_name)

    def add(self, status: ServerStatus) -> None:
        """Put it in its places."""
        insort(self.by_name, status, key=NAME)
        insort(self.by_change, status, key=CHANGE)

    def remove(self, status: ServerStatus) -> None:
        """Take it from there."""
        del self.by_name[bisect_left(self.by_name, status.server, key=NAME)]
        del self.by_change[bisect_left(self.by_change, status.sequence, key=CHANGE)]

    def in_order(self, wanted: Wanted) -> Iterator[ServerStatus]:
        """The servers with the text in their names, from where the page before ended."""
        sort, text = wanted.sort, wanted.text
        servers = self.by_name if sort.by_name else self.by_change
        if sort.down:
            end = len(servers) if wanted.after is None else bisect_left(servers, wanted.after, key=sort.key)
            return (servers[at] for at in range(end - 1, -1, -1) if text in servers[at].server)
        start = 0 if wanted.after is None else bisect_right(servers, wanted.after, key=sort.key)
        return (servers[at] for at in range(start, len(servers)) if text in servers[at].server)


def _alike(status: ServerStatus) -> tuple[str, State, str | None]:
    return status.site, status.state, step_at(status)
