"""Reservations in SQLite, found by the columns that Kea looks them up by."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from onramp.sandbox.kea.answers import KeaError
from onramp.sandbox.kea.hosts import Columns, Host

# Nothing waits for the disk: a killed process leaves a journal that the next one rolls back, and sandboxes
# outlive no power failure. An id is never given twice, so that a page's `from` stays valid (AUTOINCREMENT).
SCHEMA = """
PRAGMA synchronous = OFF;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS hosts (
    host_id INTEGER PRIMARY KEY AUTOINCREMENT,
    subnet_id INTEGER NOT NULL,
    identifier_type TEXT NOT NULL,
    identifier TEXT NOT NULL,
    ip_address TEXT,
    hostname TEXT NOT NULL,
    details TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_subnet ON hosts (subnet_id);
CREATE INDEX IF NOT EXISTS by_client ON hosts (identifier, identifier_type, subnet_id);
CREATE INDEX IF NOT EXISTS by_address ON hosts (ip_address, subnet_id);
CREATE INDEX IF NOT EXISTS by_hostname ON hosts (hostname, subnet_id);
COMMIT;
"""
ADD = """
INSERT INTO hosts (subnet_id, identifier_type, identifier, ip_address, hostname, details)
VALUES (?, ?, ?, ?, ?, ?)
"""


class HostTable:
    """A hosts database: `file`, which several servers may share, or without one this process's memory.

    `unique_addresses` is the configuration's `ip-reservations-unique`. Raises KeaError naming a file that
    is no SQLite database or cannot be made.
    """

    def __init__(self, unique_addresses: bool, file: Path | None = None) -> None:
        self._unique_addresses = unique_addresses
        try:
            # A server answers one command after the other, though not always in the thread that built it.
            self._sqlite = sqlite3.connect(file or ":memory:", isolation_level=None, check_same_thread=False)
            self._sqlite.executescript(SCHEMA)
        except sqlite3.Error as error:
            raise KeaError(f"{file}: {error}") from error
        self._sqlite.row_factory = sqlite3.Row

    def find(self, columns: Columns, *, after: int = 0, limit: int = -1) -> list[Host]:
        """The reservations with these values, by host id: those beyond `after`, at most `limit` if not -1."""
        query = f"SELECT * FROM hosts WHERE {_where(columns)} AND host_id > ? ORDER BY host_id LIMIT ?"
        rows = self._sqlite.execute(query, (*columns.values(), after, limit))
        return [Host.model_validate({**row, "details": json.loads(row["details"])}) for row in rows]

    def add(self, host: Host) -> None:
        """Keep a new reservation; raises KeaError when its client or its address has one."""
        with self._transaction():
            self._insert(host)

    def update(self, host: Host) -> None:
        """Replace the reservation of the same client in the same subnet; raises KeaError if it has none."""
        with self._transaction():
            if not self.delete(host.client):
                raise KeaError("Host not updated (not found).")
            self._insert(host)

    def delete(self, columns: Columns) -> bool:
        """Drop the reservations with these values; whether there were any."""
        query = f"DELETE FROM hosts WHERE {_where(columns)}"
        return self._sqlite.execute(query, tuple(columns.values())).rowcount > 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._sqlite:
            self._sqlite.execute("BEGIN IMMEDIATE")
            yield

    def _insert(self, host: Host) -> None:
        if self.find(host.client):
            raise KeaError(self._duplicate_client(host))
        address: Columns = {"subnet_id": host.subnet_id, "ip_address": host.ip_address}
        if self._unique_addresses and self.find(address):  # no address is NULL, which equals no other
            raise KeaError(self._duplicate_address(host))
        values = (*host.client.values(), host.ip_address, host.hostname, json.dumps(host.details))
        self._sqlite.execute(ADD, values)

    def _duplicate_client(self, _host: Host) -> str:
        return "Database duplicate entry error"

    def _duplicate_address(self, _host: Host) -> str:
        return "Database duplicate entry error"


def _where(columns: Columns) -> str:
    return " AND ".join(["TRUE", *(f"{column} = ?" for column in columns)])
