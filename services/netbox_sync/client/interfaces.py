"""The BMC interface and its MAC address, in both of NetBox's models.

From 4.2 on a MAC address is an object of its own, assigned to an interface and named by it as the
primary one; before, it is a field of the interface.
"""

from collections.abc import Sequence
from typing import Protocol

from events.values import MacAddress
from netbox_sync.client.connection import Connection, Json
from netbox_sync.client.errors import Gone
from netbox_sync.handler.values import Interface, MacObject

MAC_OBJECTS_SINCE = (4, 2)
INTERFACE = "dcim.interface"


class _OfARelease(Protocol):
    connection: Connection

    async def release(self) -> tuple[int, int]: ...


class Interfaces:
    """`dcim/interfaces` and `dcim/mac-addresses`."""

    connection: Connection

    async def mac_objects(self: _OfARelease, mac: MacAddress) -> Sequence[MacObject]:
        """Wherever this MAC address stands."""
        if await self.release() >= MAC_OBJECTS_SINCE:
            return [_mac(row) for row in await self.connection.get("dcim/mac-addresses", mac_address=mac)]
        return [_mac_field(row) for row in await self.connection.get("dcim/interfaces", mac_address=mac)]

    async def interfaces(self, device_id: int) -> Sequence[Interface]:
        """The interfaces of a device."""
        return [
            _interface(row)
            for row in await self.connection.get("dcim/interfaces", device_id=device_id, limit=0)
        ]

    async def create_interface(self, device_id: int, name: str, mac: MacAddress | None) -> Interface:
        """Create a BMC interface: 1000BASE-T, management only.

        Before 4.2 the MAC is the interface's own field; from 4.7 on NetBox makes its object along with the
        interface; in between it passes over it, and `set_mac` has to follow.
        """
        body = {"device": device_id, "name": name, "type": "1000base-t", "mgmt_only": True}
        body |= {"mac_address": mac} if mac else {}
        return _interface(await self.connection.post("dcim/interfaces", body))

    async def set_mac(
        self: _OfARelease, interface: Interface, mac: MacAddress, found: MacObject | None
    ) -> None:
        """Make this the interface's primary MAC, with the free object `found` where there is one."""
        if await self.release() < MAC_OBJECTS_SINCE:
            await self.connection.patch("dcim/interfaces", interface.id, {"mac_address": mac})
            return
        mac_id = found.id if found else None
        assigned = {"assigned_object_type": INTERFACE, "assigned_object_id": interface.id}
        if mac_id is None:
            made = await self.connection.post("dcim/mac-addresses", {"mac_address": mac, **assigned})
            mac_id = made["id"]
        elif found and found.interface_id != interface.id:
            await self.connection.patch("dcim/mac-addresses", mac_id, assigned)
        await self.connection.patch("dcim/interfaces", interface.id, {"primary_mac_address": mac_id})

    async def delete_mac(self, mac_id: int) -> None:
        """Delete a MAC object; one that is gone already is fine."""
        try:
            await self.connection.delete("dcim/mac-addresses", mac_id)
        except Gone:
            return


def holder_of(assigned: Json | None) -> str | None:
    """The device (or virtual machine) and interface that something is assigned to, for a person."""
    if not assigned:
        return None
    parent = assigned.get("device") or assigned.get("virtual_machine")
    return f"{parent['display']} {assigned['display']}" if parent else assigned["display"]


def _mac(row: Json) -> MacObject:
    at, is_interface = row["assigned_object"], row["assigned_object_type"] == INTERFACE
    return MacObject(
        id=row["id"],
        mac=row["mac_address"].lower(),
        interface_id=at["id"] if at and is_interface else None,
        device_id=at["device"]["id"] if at and is_interface else None,
        holder=holder_of(at),
    )


def _mac_field(row: Json) -> MacObject:
    return MacObject(None, row["mac_address"].lower(), row["id"], row["device"]["id"], holder_of(row))


def _interface(row: Json) -> Interface:
    primary = row.get("primary_mac_address")
    macs = row.get("mac_addresses") or ()
    return Interface(
        id=row["id"],
        name=row["name"],
        mgmt_only=row["mgmt_only"],
        mac=row["mac_address"].lower() if row["mac_address"] else None,
        macs=tuple(MacObject(mac["id"], mac["mac_address"].lower(), row["id"]) for mac in macs),
        primary_id=primary["id"] if primary else None,
    )
