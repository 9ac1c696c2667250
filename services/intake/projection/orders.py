"""The two orders of a list: by name, and as the servers changed."""

from array import array
from collections.abc import Iterable, Mapping

from events.status import ServerStatus
from intake.projection.page import CHANGE


class ByName:
    """Names in their order; whoever owns it keeps it."""

    def __init__(self, servers: Mapping[str, ServerStatus]) -> None:
        self._servers = servers
        self.keys: list[str] = []

    def look(self, low: int, high: int, text: str) -> list[ServerStatus]:
        """The servers between two places that have the text in their names."""
        servers = self._servers
        return [servers[name] for name in self.keys[low:high] if text in name]


class ByChange:
    """A log: whatever changes comes last in it.

    What a server was before stays in it, is passed by, and goes when it has become too much. So to keep
    it costs next to nothing a change.
    """

    def __init__(self, servers: Mapping[str, ServerStatus], names: Iterable[str]) -> None:
        self._servers = servers
        self._begin(sorted((servers[name] for name in names), key=CHANGE))

    def append(self, status: ServerStatus) -> None:
        """A server has changed, later than any other."""
        self._names.append(status.server)
        self.keys.append(status.sequence)

    def look(self, low: int, high: int, text: str) -> list[ServerStatus]:
        """The same as by name."""
        servers = self._servers
        changes = zip(self._names[low:high], self.keys[low:high], strict=True)
        return [
            status
            for name, sequence in changes
            if text in name and (status := servers.get(name)) and status.sequence == sequence
        ]

    def tidy(self, standing: int) -> None:
        """Leave out what counts no more, once it is a fifth of it; so many servers stand in it."""
        if len(self.keys) > 8 + standing * 5 // 4:
            self._begin(self.look(0, len(self.keys), ""))

    def _begin(self, standing: list[ServerStatus]) -> None:
        self._names = [status.server for status in standing]
        self.keys = array("Q", [status.sequence for status in standing])
        """Of the changes. One that is not its server's newest counts no more."""
