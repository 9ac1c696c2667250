"""Where reservations live: the running configuration, and a hosts database that servers share."""

from onramp.sandbox.kea.answers import KeaError
from onramp.sandbox.kea.hosts import Columns, Host
from onramp.sandbox.kea.memory import MemoryHosts
from onramp.sandbox.kea.table import HostTable


class HostSources:
    """Both sources, told apart by a command's `operation-target`; not every server has a database."""

    def __init__(self, memory: MemoryHosts, database: HostTable | None) -> None:
        self._memory = memory
        self._database = database

    def of(self, target: str) -> list[HostTable]:
        """The sources that a target (memory, database, all) means, memory first."""
        memory = [self._memory] if target in ("memory", "all") else []
        database = [self._database] if self._database and target in ("database", "all") else []
        return [*memory, *database]

    def find(self, target: str, columns: Columns) -> list[Host]:
        """The reservations with these values in the sources that a target means."""
        return [host for source in self.of(target) for host in source.find(columns)]

    def writable(self, target: str, missing: str) -> list[HostTable]:
        """The same, but at least one; raises KeaError with the text `missing`."""
        sources = self.of(target)
        if not sources:
            raise KeaError(missing)
        return sources
