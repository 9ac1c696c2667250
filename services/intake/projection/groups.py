"""Servers that stand alike, and those that are called alike: what a page is merged from.

So a page costs what it holds, however few of however many servers it is about.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice

from events.status import ServerStatus, State
from intake.projection.group import Group
from intake.projection.page import Page, Wanted
from intake.projection.texts import Texts


class Groups:
    """All servers, as `servers` has them by name; it is told each change."""

    def __init__(self, servers: Mapping[str, ServerStatus]) -> None:
        self._servers = servers
        self._all = Group(servers)
        self._alike: dict[tuple[str, State, str | None], Group] = {}
        self._texts = Texts(servers)
        for name in sorted(servers):
            for group in self._groups_of(servers[name]):
                group.join(name)

    def change(self, before: ServerStatus | None, status: ServerStatus) -> None:
        """A server stands otherwise than before, or was not there."""
        if before is None:
            for group in self._groups_of(status):
                group.join(status.server)
        elif _alike(before) != _alike(status):
            self._group_of(before).leave(status.server)
            self._group_of(status).join(status.server)
        for group in self._groups_of(status):
            group.note(status)

    def remove(self, status: ServerStatus) -> None:
        """A server is there no more."""
        for group in self._groups_of(status):
            group.leave(status.server)

    def page(self, wanted: Wanted) -> Page:
        """The servers that are wanted, from where the page before ended."""
        parts = [group.walk(wanted) for group in self._least(wanted)]
        found = parts[0] if len(parts) == 1 else _merged(parts, wanted)
        fitting = found if wanted.any else filter(wanted.takes, found)
        return Page.of(list(islice(fitting, wanted.limit + 1)), wanted)

    def _least(self, wanted: Wanted) -> Sequence[Group]:
        """Groups that have all that is wanted, and little else."""
        alike = [self._all]
        if not wanted.any:
            alike = [group for key, group in self._alike.items() if wanted.fits(*key) and len(group)]
        size, all = _size(alike), len(self._all)
        called = self._texts.holding(wanted.text) if wanted.text else None
        if called is not None:
            # Where one in n servers fits otherwise, a page is full after n pages' worth, give or take; and to
            # look whether one fits takes three times as long as to look at its name.
            looks = min(_size(called), 4 * wanted.limit * all // max(size, 1))
            if 3 * looks <= size:
                return called
        # To pass some by is less than to put most of them together.
        return [self._all] if 2 * size > all else alike

    def _groups_of(self, status: ServerStatus) -> Iterator[Group]:
        yield self._all
        yield self._group_of(status)
        yield from self._texts.of(status.server)

    def _group_of(self, status: ServerStatus) -> Group:
        key = _alike(status)
        group = self._alike.get(key)
        if group is None:
            group = self._alike[key] = Group(self._servers)
        return group


def _alike(status: ServerStatus) -> tuple[str, State, str | None]:
    return status.site, status.state, status.at


def _size(groups: Iterable[Group]) -> int:
    return sum(map(len, groups))


def _merged(parts: Iterable[Iterator[ServerStatus]], wanted: Wanted) -> Iterator[ServerStatus]:
    """In one order, and each once: a short text may stand in a name twice."""
    last = None
    for status in merge(*parts, key=wanted.sort.key, reverse=wanted.sort.down):
        if status is not last:
            yield status
        last = status
