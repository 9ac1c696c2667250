"""Which units of a rack are taken, and by whom; half units, either numbering, both faces."""

from typing import TYPE_CHECKING

from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox


def half_units(bottom: float, height: float) -> list[float]:
    """Every half unit from `bottom` upwards over `height` units."""
    return [bottom + step / 2 for step in range(int(height * 2))]


def units(rack: Row) -> list[float]:
    """The rack's half units in the order in which an elevation shows them, from the top down."""
    upwards = half_units(float(rack["starting_unit"]), float(rack["u_height"]))
    return upwards if rack["desc_units"] else upwards[::-1]


def mounted(netbox: "NetBox", rack: Row, face: str | None, exclude: int | None = None) -> dict[float, Row]:
    """The device in each taken half unit, seen from this face; None: from either.

    A full-depth device is seen from both.
    """
    taken: dict[float, Row] = {}
    for device in netbox.find("devices", rack=rack["id"]):
        if device["position"] is None or device["id"] == exclude:
            continue
        device_type = netbox.tables["device-types"].rows[device["device_type"]]
        if face is None or device["face"] == face or device_type["is_full_depth"]:
            taken |= dict.fromkeys(half_units(device["position"], device_type["u_height"]), device)
    return taken


def fits(netbox: "NetBox", rack: Row, device: Row, device_type: Row) -> bool:
    """Whether the device's position has room for it, whatever it holds itself at present."""
    face = None if device_type["is_full_depth"] else device["face"]
    free = set(units(rack)) - mounted(netbox, rack, face, device["id"]).keys()
    return set(half_units(device["position"], device_type["u_height"])) <= free and device["position"] in free


def elevation(netbox: "NetBox", rack: Row, face: str, exclude: int | None) -> list[Row]:
    """Every half unit of one face with the device in it: `id` is the unit, `device` a row or None."""
    taken = mounted(netbox, rack, face, exclude)
    return [
        {"id": unit, "name": f"U{unit:g}", "face": face, "device": taken.get(unit), "occupied": unit in taken}
        for unit in units(rack)
    ]
