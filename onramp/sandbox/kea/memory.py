"""Reservations in memory: those of the running configuration."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pydantic import BaseModel

from onramp.sandbox.kea.answers import KeaError
from onramp.sandbox.kea.hosts import Host


class HostTable(BaseModel):
    """The reservations of one source, in the order of their host ids."""

    last_id: int = 0
    hosts: list[Host] = []


class MemoryHosts:
    """Reservations of the running configuration: gone with the process unless `config-write` writes them.

    `unique_addresses` is the configuration's `ip-reservations-unique`.
    """

    def __init__(self, unique_addresses: bool) -> None:
        self._unique_addresses = unique_addresses
        self._table = HostTable()

    def all(self) -> list[Host]:
        """Every reservation, in the order of host ids."""
        return list(self._table.hosts)

    def add(self, host: Host) -> None:
        """Keep a new reservation; raises KeaError when its client or its address has one."""
        with self._changing() as table:
            self._insert(table, host)

    def delete(self, matches: Callable[[Host], bool]) -> bool:
        """Drop the reservations that match; whether there were any."""
        with self._changing() as table:
            return self._remove(table, matches)

    def update(self, host: Host) -> None:
        """Replace the reservation of the same client in the same subnet; raises KeaError if it has none."""
        with self._changing() as table:
            if not self._remove(table, lambda held: _same_client(held, host)):
                raise KeaError("Host not updated (not found).")
            self._insert(table, host)

    @contextmanager
    def _changing(self) -> Iterator[HostTable]:
        # No transaction: like Kea's, an update whose address is taken has already lost the old reservation.
        yield self._table

    def _insert(self, table: HostTable, host: Host) -> None:
        if any(_same_client(held, host) for held in table.hosts):
            raise KeaError(self._duplicate_client(host))
        if self._unique_addresses and any(_same_address(held, host) for held in table.hosts):
            raise KeaError(self._duplicate_address(host))
        table.last_id += 1
        table.hosts.append(host.model_copy(update={"host_id": table.last_id}))

    def _remove(self, table: HostTable, matches: Callable[[Host], bool]) -> bool:
        kept = [host for host in table.hosts if not matches(host)]
        removed = len(kept) < len(table.hosts)
        table.hosts = kept
        return removed

    def _duplicate_client(self, host: Host) -> str:
        names = {"hw-address": "HW address", "duid": "DUID"}
        if host.identifier_type not in names:
            client = f"{host.identifier_type}={host.identifier}"
            return f"failed to add duplicate IPv4 host using identifier: {client}"
        client = f"{names[host.identifier_type]} '{host.identifier_text}'"
        where = f"to the IPv4 subnet id '{host.subnet_id}'"
        return f"failed to add new host using the {client} {where} as this host has already been added"

    def _duplicate_address(self, host: Host) -> str:
        mac, duid = (
            host.identifier_text if host.identifier_type == kind else "(null)"
            for kind in ("hw-address", "duid")
        )
        return (
            f"failed to add new host using the HW address '{mac} and DUID '{duid}' to the IPv4 subnet id "
            f"'{host.subnet_id}' for the address {host.ip_address}: "
            "There's already a reservation for this address"
        )


def _same_client(one: Host, other: Host) -> bool:
    return one.subnet_id == other.subnet_id and one.has_identifier(other.identifier_type, other.identifier)


def _same_address(one: Host, other: Host) -> bool:
    return other.ip_address is not None and (one.subnet_id, one.ip_address) == (
        other.subnet_id,
        other.ip_address,
    )
