"""The filters that are more than a comparison with a field: networks, and what leads to a device."""

from collections.abc import Callable
from ipaddress import ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING, Any

from onramp.sandbox.netbox.store import Row
from onramp.sandbox.netbox.values import mac

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox

Special = Callable[["NetBox", Row, str], bool]


def _true(value: str) -> bool:
    return value.lower() in {"true", "1"}


def _within(inner: Any, outer: Any) -> bool:
    return bool(inner.version == outer.version and inner.subnet_of(outer))


def _contains(_: "NetBox", row: Row, value: str) -> bool:
    if "/" in value:
        return _within(ip_network(value, strict=False), row["prefix"])
    return ip_address(value) in row["prefix"]


def _address(_: "NetBox", row: Row, value: str) -> bool:
    wanted = ip_interface(value)
    return bool(row["address"] == wanted if "/" in value else row["address"].ip == wanted.ip)


def _owner(netbox: "NetBox", row: Row) -> Row:
    interface = netbox.get("interfaces", row["assigned_object_id"])
    return netbox.tables["devices"].rows[interface["device"]] if interface else {"id": None, "name": None}


def _interface_name(netbox: "NetBox", row: Row, value: str) -> bool:
    interface = netbox.get("interfaces", row["assigned_object_id"])
    return interface is not None and interface["name"] == value


def _macs(netbox: "NetBox", interface: Row) -> list[str | None]:
    if "mac_address" in interface:
        return [interface["mac_address"]]
    return [one["mac_address"] for one in netbox.find("mac-addresses", assigned_object_id=interface["id"])]


def _interface_mac(netbox: "NetBox", row: Row, value: str) -> bool:
    return mac(value) in _macs(netbox, row)


def _device_mac(netbox: "NetBox", row: Row, value: str) -> bool:
    return any(mac(value) in _macs(netbox, one) for one in netbox.find("interfaces", device=row["id"]))


def _primary(netbox: "NetBox", row: Row, value: str) -> bool:
    return bool(netbox.find("interfaces", primary_mac_address=row["id"])) == _true(value)


def _assigned(_: "NetBox", row: Row, value: str) -> bool:
    return (row["assigned_object_id"] is not None) == _true(value)


def _scope(content_type: str) -> Special:
    return lambda _, row, value: row["scope_type"] == content_type and str(row["scope_id"]) == value


ASSIGNED: dict[str, Special] = {
    "device_id": lambda netbox, row, value: str(_owner(netbox, row)["id"]) == value,
    "device": lambda netbox, row, value: _owner(netbox, row)["name"] == value,
    "interface": _interface_name,
    "assigned": _assigned,
}
SPECIAL: dict[str, dict[str, Special]] = {
    "ip-addresses": {
        **ASSIGNED,
        "address": _address,
        "parent": lambda _, row, value: row["address"].ip in ip_network(value, strict=False),
        "assigned_to_interface": _assigned,
        "family": lambda _, row, value: str(row["address"].version) == value,
        "mask_length": lambda _, row, value: str(row["address"].network.prefixlen) == value,
    },
    "prefixes": {
        "contains": _contains,
        "prefix": lambda _, row, value: bool(row["prefix"] == ip_network(value)),
        "within": lambda _, row, value: (
            str(row["prefix"]) != value and _within(row["prefix"], ip_network(value))
        ),
        "within_include": lambda _, row, value: _within(row["prefix"], ip_network(value)),
        "family": lambda _, row, value: str(row["prefix"].version) == value,
        "mask_length": lambda _, row, value: str(row["prefix"].prefixlen) == value,
        "site_id": _scope("dcim.site"),
        "site": lambda netbox, row, value: (
            row["scope_type"] == "dcim.site" and netbox.tables["sites"].rows[row["scope_id"]]["slug"] == value
        ),
    },
    "mac-addresses": {**ASSIGNED, "primary": _primary},
    "interfaces": {"mac_address": _interface_mac},
    "devices": {
        "mac_address": _device_mac,
        "has_oob_ip": lambda _, row, value: (row["oob_ip"] is not None) == _true(value),
        "has_primary_ip": lambda _, row, value: (
            ((row["primary_ip4"] or row["primary_ip6"]) is not None) == _true(value)
        ),
    },
    "custom-fields": {
        "object_type": lambda _, row, value: value in row["object_types"],
        "object_types": lambda _, row, value: value in row["object_types"],
    },
}
EXACT_MAC = {"devices", "interfaces", "mac-addresses"}
