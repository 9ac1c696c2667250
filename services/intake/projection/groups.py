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
            self._groups[_alike(before)].remove(before)
        self._groups.setdefault(_alike(status), _Group()).add(status)

    def page(self, wanted: Wanted) -> Page:
        """The servers that are wanted, from where the page before ended."""
        groups = [group for key, group in self._groups.items() if wanted.fits(*key)]
        few = self._few(wanted, sum(len(group.by_name) for group in groups)) if wanted.text else None
        if few is not None:
            groups = [_Group(status for status in few if wanted.fits(*_alike(status)))]
        found = merge(
            *(group.in_order(wanted) for group in groups), key=wanted.sort.key, reverse=wanted.sort.down
        )
        return Page.of(list(islice(found, wanted.limit + 1)), wanted)

    def _few(self, wanted: Wanted, all_of_them: int) -> list[ServerStatus] | None:
        """Where few names may hold the text it is less to look at those than to go through the groups.

        A text in n of m names is met every m/n names; to look at one of the n costs some three times as
        much. So that is less as long as 3n² is below m times the page.
        """
        names = self._texts.candidates(wanted.text, isqrt(all_of_them * wanted.limit // 3))
        return None if names is None else [self._servers[name] for name in names]


class _Group:
    """Some servers, in both orders."""

    def __init__(self, servers: Iterable[ServerStatus] = ()) -> None:
        self.by_name = sorted(servers, key=NAME)
        self.by_change = sorted(self.by_name, key=CHANGE)

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
