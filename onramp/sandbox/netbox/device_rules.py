"""`Device.clean`, `Interface.clean` and `Rack.clean`, in NetBox's words."""

from typing import TYPE_CHECKING

from onramp.sandbox.netbox import racks
from onramp.sandbox.netbox.errors import invalid
from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox


def check_device(netbox: "NetBox", device: Row) -> None:
    """Place, position, addresses and name of a device; it takes over its rack's location."""
    rack = netbox.get("racks", device["rack"])
    _check_place(netbox, device, rack)
    _check_position(netbox, device, rack)
    _check_addresses(netbox, device)
    _check_name(netbox, device)
    if rack and rack["location"]:
        device["location"] = rack["location"]


def _check_place(netbox: "NetBox", device: Row, rack: Row | None) -> None:
    site = netbox.tables["sites"].rows[device["site"]]
    location = netbox.get("locations", device["location"])
    if rack and rack["site"] != site["id"]:
        raise invalid("rack", f"Rack {rack['name']} does not belong to site {site['name']}.")
    if location and location["site"] != site["id"]:
        raise invalid("location", f"Location {location['name']} does not belong to site {site['name']}.")
    if rack and location and rack["location"] != location["id"]:
        raise invalid("rack", f"Rack {rack['name']} does not belong to location {location['name']}.")


def _check_position(netbox: "NetBox", device: Row, rack: Row | None) -> None:
    position, device_type = device["position"], netbox.tables["device-types"].rows[device["device_type"]]
    if rack is None and device["face"]:
        raise invalid("face", "Cannot select a rack face without assigning a rack.")
    if rack is None and position:
        raise invalid("position", "Cannot select a rack position without assigning a rack.")
    if rack is None or position is None:
        return
    if position % 0.5:
        raise invalid("position", "Position must be in increments of 0.5 rack units.")
    if not device["face"]:
        raise invalid("face", "Must specify rack face when defining rack position.")
    height, model = device_type["u_height"], device_type["model"]
    if height == 0:
        raise invalid("position", f"A 0U device type ({model}) cannot be assigned to a rack position.")
    if not racks.fits(netbox, rack, device, device_type):
        room = "is already occupied or does not have sufficient space to accommodate this device type"
        raise invalid("position", f"U{position:.1f} {room}: {model} ({height:.1f}U)")


def _check_addresses(netbox: "NetBox", device: Row) -> None:
    for name, family in (("primary_ip4", 4), ("primary_ip6", 6), ("oob_ip", None)):
        if not (ip := netbox.get("ip-addresses", device[name])):
            continue
        if family and ip["address"].version != family:
            raise invalid(name, f"{ip['address']} is not an IPv{family} address.")
        interface = netbox.get("interfaces", ip["assigned_object_id"])
        if interface is None or interface["device"] != device["id"]:
            raise invalid(name, f"The specified IP address ({ip['address']}) is not assigned to this device.")


def _check_name(netbox: "NetBox", device: Row) -> None:
    if not device["name"]:
        return
    same = netbox.find("devices", name=device["name"], site=device["site"], tenant=device["tenant"])
    if any(other["id"] != device["id"] for other in same):
        if device["tenant"] is None:
            raise invalid("__all__", "Device name must be unique per site.")
        raise invalid("__all__", "Constraint “dcim_device_unique_name_site_tenant” is violated.")


def check_interface(netbox: "NetBox", interface: Row) -> None:
    """The primary MAC address must be one of the interface's own; a new interface may take a free one."""
    mac = netbox.get("mac-addresses", interface.get("primary_mac_address"))
    if mac is None:
        return
    owner = netbox.get("interfaces", mac["assigned_object_id"])
    if owner is None and interface["id"] is not None:
        raise invalid(
            "__all__", "Only a MAC address assigned to this interface can be its primary MAC address."
        )
    if owner is not None and owner["id"] != interface["id"]:
        held = f"is assigned to a different interface ({owner['name']})."
        raise invalid("__all__", f"MAC address {mac['mac_address']} {held}")


def check_rack(netbox: "NetBox", rack: Row) -> None:
    """The location is of the rack's site, and what is mounted still fits."""
    location, site = netbox.get("locations", rack["location"]), netbox.tables["sites"].rows[rack["site"]]
    if location and location["site"] != site["id"]:
        raise invalid("__all__", f"Assigned location must belong to parent site ({site['name']}).")
    taken = racks.mounted(netbox, rack, face=None) if rack["id"] is not None else {}
    if not taken:
        return
    height = max(taken) + 0.5 - rack["starting_unit"]
    if rack["u_height"] < height:
        raise invalid(
            "u_height", f"Rack must be at least {height:.1f}U tall to house currently installed devices."
        )
    if rack["starting_unit"] > min(taken):
        lowest = f"{min(taken):.1f} or less to house currently installed devices."
        raise invalid("starting_unit", f"Rack unit numbering must begin at {lowest}")
