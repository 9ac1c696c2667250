"""Servers by a part of their names: a group for each three characters in a row."""

from collections.abc import Iterator, Mapping, Sequence

from events.status import ServerStatus
from intake.projection.group import Group

END = "\n\n"
"""After each name, so that three characters begin with each of its own."""
MOST_GROUPS = 16
"""Of which a page is put together."""


class Texts:
    """The groups, by what the names in them hold."""

    def __init__(self, servers: Mapping[str, ServerStatus]) -> None:
        self._servers = servers
        self._groups: dict[str, Group] = {}

    def of(self, name: str) -> Iterator[Group]:
        """Those that a name is in."""
        for three in _threes(name + END):
            group = self._groups.get(three)
            if group is None:
                group = self._groups[three] = Group(self._servers)
            yield group

    def holding(self, text: str) -> Sequence[Group] | None:
        """Few groups that together have every name with this text in it; `None` where it takes many."""
        if len(text) < 3:
            found = [group for three, group in self._groups.items() if three.startswith(text)]
            return found if len(found) <= MOST_GROUPS else None
        found = [self._groups[three] for three in _threes(text) if three in self._groups]
        return [min(found, key=len)] if len(found) == len(_threes(text)) else []


def _threes(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)}
