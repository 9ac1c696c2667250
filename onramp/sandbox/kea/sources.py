"""Where reservations live: the running configuration, and a hosts database that servers share."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onramp.sandbox.kea.answers import KeaError
from onramp.sandbox.kea.hosts import Host
from onramp.sandbox.kea.memory import HostTable, MemoryHosts


class DatabaseHosts(MemoryHosts):
    """A hosts database: every command is a transaction on `file`, which several servers may share.

    Without a file it lives in this process alone.
    """

    def __init__(self, unique_addresses: bool, file: Path | None) -> None:
        super().__init__(unique_addresses)
        self._file = file

    def all(self) -> list[Host]:
        """Every reservation, in the order of host ids."""
        return self._read().hosts

    @contextmanager
    def _changing(self) -> Iterator[HostTable]:
        with self._locked():
            table = self._read()
            yield table
            self._write(table)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if self._file is None:
            yield
            return
        with self._file.with_name(f"{self._file.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self) -> HostTable:
        if self._file is None:
            return self._table.model_copy(deep=True)
        if not self._file.exists():
            return HostTable()
        return HostTable.model_validate_json(self._file.read_bytes())

    def _write(self, table: HostTable) -> None:
        if self._file is None:
            self._table = table
            return
        written = self._file.with_name(f"{self._file.name}.new")
        written.write_text(table.model_dump_json(indent=2))
        os.replace(written, self._file)

    def _duplicate_client(self, _host: Host) -> str:
        return "Database duplicate entry error"

    def _duplicate_address(self, _host: Host) -> str:
        return "Database duplicate entry error"


class HostSources:
    """Both sources, told apart by a command's `operation-target`; not every server has a database."""

    def __init__(self, memory: MemoryHosts, database: DatabaseHosts | None) -> None:
        self._memory = memory
        self._database = database

    def of(self, target: str) -> list[MemoryHosts]:
        """The sources that a target (memory, database, all) means, memory first."""
        memory = [self._memory] if target in ("memory", "all") else []
        database = [self._database] if self._database and target in ("database", "all") else []
        return [*memory, *database]

    def writable(self, target: str, missing: str) -> list[MemoryHosts]:
        """The same, but at least one; raises KeaError with the text `missing`."""
        sources = self.of(target)
        if not sources:
            raise KeaError(missing)
        return sources
