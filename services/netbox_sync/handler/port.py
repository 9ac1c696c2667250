"""What the handler needs of NetBox, in the handler's own words."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from events.errors import Refuse
from events.values import IpAddress, MacAddress, ServerName
from netbox_sync.handler.known import Prefix, Reference
from netbox_sync.handler.values import Address, Device, Interface, MacObject, Unit

R = TypeVar("R", bound=Reference)


class Rejected(Refuse):
    """NetBox would not take what was written; the reason is in its own words."""


class References(Protocol):
    """What changes seldom and is remembered for a while."""

    async def known(self, kind: type[R], *, site: int | None = None) -> Sequence[R]:
        """Every object of this kind (of this site)."""

    async def prefixes_near(self, ip: IpAddress) -> Sequence[Prefix]:
        """The prefixes that hold the address, and others around it."""

    async def forget_references(self) -> None:
        """Read them anew when they are asked for next."""


class Reads(Protocol):
    """What NetBox holds of one server, its MAC and its address."""

    async def devices_named(self, name: ServerName) -> Sequence[Device]:
        """The devices of this name, whatever its case, at any site."""

    async def mac_objects(self, mac: MacAddress) -> Sequence[MacObject]:
        """Wherever this MAC address stands."""

    async def interfaces(self, device_id: int) -> Sequence[Interface]:
        """The interfaces of a device."""

    async def addresses_on(self, interface_id: int) -> Sequence[Address]:
        """The addresses that are assigned to an interface."""

    async def addresses_at(self, ip: IpAddress) -> Sequence[Address]:
        """The objects of this address, in any VRF and with any mask."""


class NetBox(References, Reads, Protocol):
    """Reading and writing one device, its BMC interface, MAC and address."""

    async def glance(self, name: ServerName, mac: MacAddress, ip: IpAddress | None) -> Reads | None:
        """The reads of one server in one request; `None` where this NetBox has no such request.

        It finds whatever the other reads find, but may leave out what hangs on that: a rack, a tag, a VRF.
        So it can tell that nothing is there, or nothing to be done; what is changed is looked at closely.
        """

    async def new_interfaces(self, device_id: int) -> Sequence[Interface]:
        """The interfaces that its type's template made of a device that is just created."""

    async def device(self, device_id: int) -> Device | None:
        """The device of this id, unless it is gone."""

    async def elevation(self, rack_id: int, face: str, *, without: int | None) -> Sequence[Unit]:
        """Every half unit of one face of a rack, as if the device `without` were not there."""

    async def create_device(self, fields: Mapping[str, object]) -> Device:
        """Create a device, with the interfaces that its type's template makes."""

    async def change_device(self, device_id: int, fields: Mapping[str, object]) -> None:
        """Write these fields of a device."""

    async def create_interface(self, device_id: int, name: str, mac: MacAddress | None) -> Interface:
        """Create a BMC interface: 1000BASE-T, management only; with this MAC where NetBox takes it here."""

    async def set_mac(self, interface: Interface, mac: MacAddress, found: MacObject | None) -> None:
        """Make this the interface's primary MAC, with the free object `found` where there is one."""

    async def delete_mac(self, mac_id: int) -> None:
        """Delete a MAC object; one that is gone already is fine."""

    async def create_address(self, interface_id: int, ip: IpAddress, prefix: Prefix) -> Address:
        """Create an address with the prefix's mask and VRF, assigned to the interface."""

    async def allocate_address(self, interface_id: int, prefix: Prefix) -> Address:
        """Create the prefix's next free address, assigned to the interface. Refuses when it is full."""

    async def assign_address(self, interface_id: int, address: Address) -> None:
        """Assign an address object that nobody has."""

    async def set_aside(self, address: Address) -> None:
        """Take an address from its interface and mark it reserved, so that it is not handed out again."""

    async def delete_address(self, address: Address) -> None:
        """Free an address; one that is gone already is fine."""
