"""A NetBox in memory, as the handler sees it: one site, one rack, and it can be told to fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from typing import Any, TypeVar, cast

from events.values import IpAddress, MacAddress, ServerName
from netbox_sync.handler import Rejected
from netbox_sync.handler.known import DeviceRole, DeviceType, Location, Prefix, Rack, Reference, Site, Tenant
from netbox_sync.handler.port import Reads
from netbox_sync.handler.values import Address, Device, Interface, MacObject, Unit

R = TypeVar("R", bound=Reference)

SITE = Site(1, "DC Oslo A", "dcoa")
RACK = Rack(1, "RA07", location_id=1)
OTHER_RACK = Rack(2, "RB06", location_id=1)
ONE_U = DeviceType(1, "SuperMicro 1U", "supermicro-1u", "supermicro", 1.0, True)
ROLE = DeviceRole(1, "Kubernetes worker", "k8s-worker")
PREFIX = Prefix(1, cast(Any, ip_network("10.16.28.0/24")))


@dataclass
class FakeNetBox:
    """Its state is open to tests; `fail_at` raises `error` instead of the write of that name."""

    devices: dict[int, Device] = field(default_factory=dict)
    interfaces_of: dict[int, list[Interface]] = field(default_factory=dict)
    macs: list[MacObject] = field(default_factory=list)
    ips: dict[int, Address] = field(default_factory=dict)
    ip_interface: dict[int, int] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    forgotten: int = 0
    at_a_glance: Reads | None = None
    fail_at: str | None = None
    error: Exception = field(default_factory=lambda: Rejected("NetBox refuses it: told to"))
    _ids: int = 100

    async def known(self, kind: type[R], *, site: int | None = None) -> Sequence[R]:
        tables: dict[type[Reference], Sequence[Reference]] = {
            Site: [SITE], Location: [Location(1, "Row 7", "ra07")], Rack: [RACK, OTHER_RACK],
            DeviceType: [ONE_U], DeviceRole: [ROLE], Tenant: [],
        }  # fmt: skip
        return cast(Sequence[R], tables[kind])

    async def prefixes_near(self, ip: IpAddress) -> Sequence[Prefix]:
        return [PREFIX]

    async def forget_references(self) -> None:
        self.forgotten += 1

    async def glance(self, name: ServerName, mac: MacAddress, ip: IpAddress | None) -> Reads | None:
        return self.at_a_glance

    async def new_interfaces(self, device_id: int) -> Sequence[Interface]:
        return await self.interfaces(device_id)

    async def devices_named(self, name: ServerName) -> Sequence[Device]:
        return [device for device in self.devices.values() if device.name == name]

    async def device(self, device_id: int) -> Device | None:
        return self.devices.get(device_id)

    async def mac_objects(self, mac: MacAddress) -> Sequence[MacObject]:
        return [one for one in self.macs if one.mac == mac]

    async def interfaces(self, device_id: int) -> Sequence[Interface]:
        return self.interfaces_of.get(device_id, [])

    async def addresses_on(self, interface_id: int) -> Sequence[Address]:
        return [self.ips[ip] for ip, where in self.ip_interface.items() if where == interface_id]

    async def addresses_at(self, ip: IpAddress) -> Sequence[Address]:
        return [one for one in self.ips.values() if one.ip == ip]

    async def elevation(self, rack_id: int, face: str, *, without: int | None) -> Sequence[Unit]:
        there = {one.position: one.name for one in self.devices.values() if one.rack_id == rack_id}
        return [Unit(unit / 2, unit / 2 in there, there.get(unit / 2)) for unit in range(2, 96)]

    async def create_device(self, fields: Mapping[str, object]) -> Device:
        self._write("create_device")
        wanted = cast(dict[str, Any], fields)
        taken = [one for one in self.devices.values() if one.position == wanted["position"]]
        if any(one.rack_id == wanted["rack"] for one in taken):
            raise Rejected("NetBox refuses it: position: already occupied")
        device = Device(
            id=self._id(), name=wanted["name"], status=wanted["status"], site_id=wanted["site"], site="dcoa",
            device_type_id=wanted["device_type"], role_id=wanted["role"], rack_id=wanted["rack"],
            position=wanted["position"], face=wanted["face"],
        )  # fmt: skip
        self.devices[device.id] = device
        return device

    async def change_device(self, device_id: int, fields: Mapping[str, object]) -> None:
        self._write("change_device")
        renamed = {"oob_ip": "oob_ip_id", "rack": "rack_id"}
        known = {renamed.get(name, name): value for name, value in fields.items() if name != "location"}
        self.devices[device_id] = replace(self.devices[device_id], **cast(dict[str, Any], known))

    async def create_interface(self, device_id: int, name: str, mac: MacAddress | None) -> Interface:
        self._write("create_interface")
        interface = Interface(self._id(), name, mgmt_only=True)
        self.interfaces_of.setdefault(device_id, []).append(interface)
        return interface

    async def set_mac(self, interface: Interface, mac: MacAddress, found: MacObject | None) -> None:
        self._write("set_mac")
        (device_id,) = (key for key, of in self.interfaces_of.items() if interface in of)
        made = MacObject(self._id(), mac, interface.id, device_id, self.devices[device_id].name)
        self.macs.append(made)
        changed = replace(interface, mac=mac, macs=(*interface.macs, made), primary_id=made.id)
        self.interfaces_of[device_id] = [changed]

    async def delete_mac(self, mac_id: int) -> None:
        self._write("delete_mac")
        self.macs = [one for one in self.macs if one.id != mac_id]
        for device_id, (interface,) in self.interfaces_of.items():
            kept = tuple(one for one in interface.macs if one.id != mac_id)
            self.interfaces_of[device_id] = [replace(interface, macs=kept)]

    async def create_address(self, interface_id: int, ip: IpAddress, prefix: Prefix) -> Address:
        self._write("create_address")
        address = Address(self._id(), ip, prefix.vrf_id, holder="this")
        self.ips[address.id] = address
        self.ip_interface[address.id] = interface_id
        return address

    async def allocate_address(self, interface_id: int, prefix: Prefix) -> Address:
        taken = {one.ip for one in self.ips.values()}
        free = next(ip for ip in prefix.network.hosts() if ip not in taken)
        return await self.create_address(interface_id, free, prefix)

    async def assign_address(self, interface_id: int, address: Address) -> None:
        self._write("assign_address")
        self.ip_interface[address.id] = interface_id

    async def set_aside(self, address: Address) -> None:
        self._write("set_aside")
        del self.ip_interface[address.id]

    async def delete_address(self, address: Address) -> None:
        self._write("delete_address")
        del self.ips[address.id], self.ip_interface[address.id]

    def _write(self, name: str) -> None:
        if self.fail_at == name:
            raise self.error
        self.writes.append(name)

    def _id(self) -> int:
        self._ids += 1
        return self._ids
