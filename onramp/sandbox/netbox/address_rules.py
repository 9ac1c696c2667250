"""`IPAddress.clean`, `Prefix.clean` and `MACAddress.clean`, in NetBox's words."""

from typing import TYPE_CHECKING

from onramp.sandbox.netbox.errors import invalid
from onramp.sandbox.netbox.prefixes import ALL_USABLE
from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox

SHARED_ROLES = {"anycast", "vip", "vrrp", "hsrp", "glbp", "carp"}


def check_address(netbox: "NetBox", ip: Row) -> None:
    """Mask, network and broadcast, uniqueness, and that a device's OOB or primary address stays with it."""
    ip["dns_name"] = ip["dns_name"].lower()
    if ip["address"].network.prefixlen == 0:
        raise invalid("address", "Cannot create IP address with /0 mask.")
    if ip["assigned_object_id"]:
        _check_host(ip)
    if _enforces_unique(netbox, ip["vrf"]):
        _check_unique(netbox, ip)
    if ip["status"] == "slaac" and ip["address"].version != 6:
        raise invalid("status", "Only IPv6 addresses can be assigned SLAAC status")
    _check_still_with_its_device(netbox, ip)


def _check_host(ip: Row) -> None:
    address = ip["address"]
    network = address.network
    if network.prefixlen >= ALL_USABLE[address.version]:
        return
    if address.ip == network.network_address:
        raise invalid("__all__", f"{address.ip} is a network ID, which may not be assigned to an interface.")
    if address.version == 4 and address.ip == network.broadcast_address:
        broadcast = "is a broadcast address, which may not be assigned to an interface."
        raise invalid("__all__", f"{address.ip} {broadcast}")


def _enforces_unique(netbox: "NetBox", vrf: int | None) -> bool:
    row = netbox.get("vrfs", vrf)
    return bool(row["enforce_unique"]) if row else netbox.enforce_global_unique


def _space(netbox: "NetBox", vrf: int | None) -> str:
    row = netbox.get("vrfs", vrf)
    if row is None:
        return "global table"
    return f"VRF {row['name']} ({row['rd']})" if row["rd"] else f"VRF {row['name']}"


def _check_unique(netbox: "NetBox", ip: Row) -> None:
    same = netbox.find("ip-addresses", address=ip["address"], vrf=ip["vrf"])
    others = [other for other in same if other["id"] != ip["id"]]
    if others and not all(one["role"] in SHARED_ROLES for one in (ip, *others)):
        where = _space(netbox, ip["vrf"])
        raise invalid("address", f"Duplicate IP address found in {where}: {others[0]['address']}")


def _check_still_with_its_device(netbox: "NetBox", ip: Row) -> None:
    before = netbox.get("ip-addresses", ip["id"])
    interface = netbox.get("interfaces", before["assigned_object_id"]) if before else None
    if interface is None:
        return
    device = netbox.tables["devices"].rows[interface["device"]]
    now = netbox.get("interfaces", ip["assigned_object_id"])
    if now is not None and now["device"] == device["id"]:
        return
    for field, role in ((f"primary_ip{ip['address'].version}", "primary"), ("oob_ip", "OOB")):
        if device[field] == ip["id"]:
            kept = f"while it is designated as the {role} IP for the parent object"
            raise invalid("__all__", f"Cannot reassign IP address {kept}")


def check_prefix(netbox: "NetBox", prefix: Row) -> None:
    """Mask, and uniqueness where its VRF asks for it."""
    if prefix["prefix"].prefixlen == 0:
        raise invalid("prefix", "Cannot create prefix with /0 mask.")
    if not _enforces_unique(netbox, prefix["vrf"]):
        return
    for other in netbox.find("prefixes", vrf=prefix["vrf"]):
        if other["prefix"] == prefix["prefix"] and other["id"] != prefix["id"]:
            where = _space(netbox, prefix["vrf"])
            raise invalid("prefix", f"Duplicate prefix found in {where}: {other['prefix']}")


def check_mac(netbox: "NetBox", mac: Row) -> None:
    """The primary MAC address of an interface stays with it."""
    before = netbox.get("mac-addresses", mac["id"])
    interface = netbox.get("interfaces", before["assigned_object_id"]) if before else None
    if interface is None or interface["primary_mac_address"] != mac["id"]:
        return
    if mac["assigned_object_id"] != interface["id"]:
        verb = "reassign" if mac["assigned_object_id"] else "unassign"
        kept = "while it is designated as the primary MAC for an object"
        raise invalid("__all__", f"Cannot {verb} MAC Address {kept}")
