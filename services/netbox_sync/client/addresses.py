"""IP addresses: the BMC's, and whoever has the one that it is to get."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_interface
from typing import Any

from events.errors import Refuse
from events.values import IpAddress
from netbox_sync.client.connection import Connection, Json
from netbox_sync.client.errors import Conflict, Gone
from netbox_sync.client.interfaces import INTERFACE, holder_of
from netbox_sync.client.references import id_of
from netbox_sync.handler.known import Prefix
from netbox_sync.handler.values import Address

PATH = "ipam/ip-addresses"


class Addresses:
    """`ipam/ip-addresses` and `available-ips`."""

    connection: Connection

    async def addresses_on(self, interface_id: int) -> Sequence[Address]:
        """The addresses that are assigned to an interface."""
        return [_address(row) for row in await self.connection.get(PATH, interface_id=interface_id, limit=0)]

    async def addresses_at(self, ip: IpAddress) -> Sequence[Address]:
        """The objects of this address, in any VRF and with any mask."""
        return [_address(row) for row in await self.connection.get(PATH, address=ip)]

    async def create_address(self, interface_id: int, ip: IpAddress, prefix: Prefix) -> Address:
        """Create an address with the prefix's mask and VRF, assigned to the interface."""
        body = {"address": f"{ip}/{prefix.network.prefixlen}", "vrf": prefix.vrf_id}
        return _address(await self.connection.post(PATH, {**body, **_to(interface_id)}))

    async def allocate_address(self, interface_id: int, prefix: Prefix) -> Address:
        """Create the prefix's next free address, assigned to the interface. Refuses when it is full."""
        path = f"ipam/prefixes/{prefix.id}/available-ips"
        try:
            return _address(await self.connection.post(path, _to(interface_id)))
        except Conflict:
            raise Refuse(
                f"prefix {prefix.network} has no free address", culprit=str(prefix.network)
            ) from None

    async def assign_address(self, interface_id: int, address: Address) -> None:
        """Assign an address object that nobody has."""
        await self.connection.patch(PATH, address.id, _to(interface_id))

    async def set_aside(self, address: Address) -> None:
        """Take an address from its interface and mark it reserved, so that it is not handed out again."""
        free = {"assigned_object_type": None, "assigned_object_id": None}
        await self.connection.patch(PATH, address.id, {**free, "status": "reserved"})

    async def delete_address(self, address: Address) -> None:
        """Free an address; one that is gone already is fine."""
        try:
            await self.connection.delete(PATH, address.id)
        except Gone:
            return


def _to(interface_id: int) -> Mapping[str, Any]:
    return {"assigned_object_type": INTERFACE, "assigned_object_id": interface_id}


def _address(row: Json) -> Address:
    return Address(
        id=row["id"],
        ip=ip_interface(row["address"]).ip,
        vrf_id=id_of(row["vrf"]),
        role=row["role"]["value"] if row["role"] else None,
        holder=holder_of(row["assigned_object"]),
    )
