"""One Kea server in the handler's words, by the commands of host_cmds and lease_cmds."""

import time
from ipaddress import IPv4Address

from kea_sync.client.answers import hosts, reservation, unexpired
from kea_sync.client.channel import Channel
from kea_sync.client.configuration import configuration_of
from kea_sync.handler.acts import (
    Act,
    AddReservation,
    DeleteLease,
    DeleteReservation,
    SaveConfiguration,
    Store,
)
from kea_sync.handler.port import OvertakenError
from kea_sync.handler.values import HW_ADDRESS, Configuration, Lease, Reserved
from kea_sync.settings import KeaServer, Settings


class Kea:
    """One kea-dhcp4; its configuration is read again when it is older than the settings allow."""

    def __init__(self, server: KeaServer, settings: Settings) -> None:
        self.name = server.name
        self.prefixes = server.prefixes
        self.subnet_id = server.subnet_id
        self.without_database = Store.MEMORY if server.store is Store.MEMORY else None
        self._channel = Channel(server, settings)
        self._ttl = settings.kea_config_ttl
        self._configuration: Configuration | None = None
        self._read_at = 0.0

    async def configuration(self) -> Configuration:
        """Its running configuration, at most `kea_config_ttl` seconds old."""
        if self._configuration is None or time.monotonic() - self._read_at > self._ttl:
            answer = await self._channel.command("config-get") or {}
            self._configuration = configuration_of(answer["Dhcp4"])
            self._read_at = time.monotonic()
        return self._configuration

    def forget(self) -> None:
        """Read the configuration afresh when it is next asked for."""
        self._configuration = None

    async def ping(self) -> None:
        """Raises Unreachable or Retry if it does not answer."""
        await self._channel.command("version-get")

    async def close(self) -> None:
        """Close the connections."""
        await self._channel.close()

    async def named(self, hostname: str) -> list[Reserved]:
        """The reservations with a hostname, in all subnets."""
        return hosts(await self._channel.command("reservation-get-by-hostname", hostname=hostname))

    async def of(self, mac: str) -> list[Reserved]:
        """The reservations of a client, in all subnets."""
        return hosts(
            await self._channel.command("reservation-get-by-id", identifier_type=HW_ADDRESS, identifier=mac)
        )

    async def at(self, address: IPv4Address) -> list[Reserved]:
        """The reservations of an address, in all subnets."""
        return hosts(await self._channel.command("reservation-get-by-address", ip_address=str(address)))

    async def leases_of(self, mac: str) -> list[Lease]:
        """A client's unexpired leases."""
        answer = await self._channel.command("lease4-get-by-hw-address", hw_address=mac)
        return unexpired(answer["leases"] if answer else [])

    async def leases_at(self, address: IPv4Address) -> list[Lease]:
        """An address's unexpired lease, if there is one."""
        answer = await self._channel.command("lease4-get", ip_address=str(address))
        return unexpired([answer] if answer else [])

    async def apply(self, act: Act) -> None:
        """Do it; a lease that is gone already is as good as deleted.

        Raises OvertakenError where a reservation is there that was not, or is not where it was.
        """
        match act:
            case DeleteLease(lease):
                await self._channel.command("lease4-del", ip_address=str(lease.address))
            case DeleteReservation(reserved, store):
                await self._delete(reserved, store)
            case AddReservation(reserved, store):
                await self._channel.command(
                    "reservation-add", reservation=reservation(reserved), operation_target=store
                )
            case SaveConfiguration():
                await self._channel.command("config-write")

    async def _delete(self, reserved: Reserved, store: Store) -> None:
        deleted = await self._channel.command(
            "reservation-del",
            subnet_id=reserved.subnet_id,
            identifier_type=reserved.identifier_type,
            identifier=reserved.identifier,
            operation_target=store,
        )
        if deleted is None:
            raise OvertakenError(f"the reservation {reserved} is not in its {store}")
