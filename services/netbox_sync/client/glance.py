"""What one GraphQL answer shows of a server, told as the reads over REST tell it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_interface

from events.values import IpAddress, MacAddress, ServerName
from netbox_sync.client.connection import Json
from netbox_sync.client.interfaces import holder_of
from netbox_sync.handler.values import Address, Device, Interface, MacObject


@dataclass(frozen=True)
class Glance:
    """All of one server: its interfaces by their device's id, the addresses by their interface's."""

    devices: Sequence[Device]
    macs: Sequence[MacObject]
    at_ip: Sequence[Address]
    interfaces_of: Mapping[int, Sequence[Interface]]
    addresses_of: Mapping[int, Sequence[Address]]

    @classmethod
    def of(cls, shown: Json) -> Glance:
        """The lists that the query of one server asks for."""
        devices = shown["device_list"]
        interfaces = [one for device in devices for one in device["interfaces"]]
        return cls(
            devices=[_device(row) for row in devices],
            macs=[_mac(row) for row in shown["mac_address_list"]],
            at_ip=_addresses(shown.get("ip_address_list", ())),
            interfaces_of={int(row["id"]): _interfaces(row) for row in devices},
            addresses_of={int(row["id"]): _addresses(row["ip_addresses"]) for row in interfaces},
        )

    async def devices_named(self, name: ServerName) -> Sequence[Device]:
        """The devices of this name, whatever its case, at any site."""
        return self.devices

    async def mac_objects(self, mac: MacAddress) -> Sequence[MacObject]:
        """Wherever this MAC address stands."""
        return self.macs

    async def interfaces(self, device_id: int) -> Sequence[Interface]:
        """The interfaces of a device."""
        return self.interfaces_of[device_id]

    async def addresses_on(self, interface_id: int) -> Sequence[Address]:
        """The addresses that are assigned to an interface."""
        return self.addresses_of[interface_id]

    async def addresses_at(self, ip: IpAddress) -> Sequence[Address]:
        """The objects of this address, in any VRF and with any mask."""
        return self.at_ip


def interface_of(row: Json) -> Interface:
    """An interface with its MAC addresses."""
    primary = row["primary_mac_address"]
    return Interface(
        id=int(row["id"]),
        name=row["name"],
        mgmt_only=row["mgmt_only"],
        mac=primary["mac_address"].lower() if primary else None,
        macs=tuple(
            MacObject(int(mac["id"]), mac["mac_address"].lower(), int(row["id"]))
            for mac in row["mac_addresses"]
        ),
        primary_id=_id(primary),
    )


def _interfaces(device: Json) -> Sequence[Interface]:
    return [interface_of(row) for row in device["interfaces"]]


def _device(row: Json) -> Device:
    return Device(
        id=int(row["id"]),
        name=row["name"],
        status=row["status"],
        site_id=int(row["site"]["id"]),
        site=row["site"]["slug"],
        device_type_id=int(row["device_type"]["id"]),
        role_id=int(row["role"]["id"]),
        tenant_id=_id(row["tenant"]),
        rack_id=_id(row["rack"]),
        rack=row["rack"]["name"] if row["rack"] else "",
        position=float(row["position"]) if row["position"] else None,
        face=row["face"] or None,
        serial=row["serial"],
        asset_tag=row["asset_tag"],
        oob_ip_id=_id(row["oob_ip"]),
        tags=tuple(tag["slug"] for tag in row["tags"]),
        custom_fields=row["custom_fields"],
    )


def _mac(row: Json) -> MacObject:
    at = row["assigned_object"]
    is_interface = bool(at) and at["__typename"] == "InterfaceType"
    return MacObject(
        id=int(row["id"]),
        mac=row["mac_address"].lower(),
        interface_id=int(at["id"]) if is_interface else None,
        device_id=int(at["device"]["id"]) if is_interface else None,
        holder=holder_of(at),
    )


def _addresses(rows: Iterable[Json]) -> Sequence[Address]:
    return [
        Address(
            id=int(row["id"]),
            ip=ip_interface(row["address"]).ip,
            vrf_id=_id(row["vrf"]),
            role=row["role"] or None,
            holder=holder_of(row["assigned_object"]),
        )
        for row in rows
    ]


def _id(shown: Json | None) -> int | None:
    return int(shown["id"]) if shown else None
