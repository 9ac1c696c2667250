"""Reservations in memory: those of the running configuration."""

from collections.abc import Iterator
from contextlib import contextmanager

from onramp.sandbox.kea.hosts import Host
from onramp.sandbox.kea.table import HostTable


class MemoryHosts(HostTable):
    """Reservations of the running configuration: gone with the process unless `config-write` writes them."""

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        # None at all: like Kea's, an update whose address is taken has already lost the old reservation.
        yield

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
