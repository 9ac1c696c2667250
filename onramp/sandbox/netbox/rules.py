"""What NetBox refuses, and what it does by itself, when an object is saved."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from onramp.sandbox.netbox import address_rules, custom_fields, device_rules
from onramp.sandbox.netbox.errors import invalid
from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox

CHECKS = {
    "devices": device_rules.check_device,
    "interfaces": device_rules.check_interface,
    "racks": device_rules.check_rack,
    "ip-addresses": address_rules.check_address,
    "mac-addresses": address_rules.check_mac,
    "prefixes": address_rules.check_prefix,
}
MAC_WITH_INTERFACE = (4, 7)
"""From this release on a new interface may bring its MAC address; from 4.2 on the field was read-only."""

UNIQUE_TOGETHER = {
    "interfaces": ("device", "name"),
    "interface-templates": ("device_type", "name"),
    "racks": ("location", "name"),
    "device-types": ("manufacturer", "model"),
    "locations": ("site", "parent", "name"),
}


def check(netbox: "NetBox", kind: str, row: Row) -> None:
    """Normalize the row, and refuse it where NetBox's `clean` and its constraints do.

    Raises:
        Refused: 400, with the message under the field or under `__all__`.
    """
    _check_unique_fields(netbox, kind, row)
    custom_fields.check(netbox, kind, row)
    if kind in CHECKS:
        CHECKS[kind](netbox, row)
    _check_unique_together(netbox, kind, row)


def _check_unique_fields(netbox: "NetBox", kind: str, row: Row) -> None:
    for name, field in netbox.kinds[kind].fields.items():
        if not field.unique or row[name] is None:
            continue
        others = netbox.tables[kind].rows.values()
        if any(other[name] == row[name] and other["id"] != row["id"] for other in others):
            model = netbox.kinds[kind].model
            label = name.replace("_", " ")
            raise invalid(
                name, f"{model if model.isupper() else model.lower()} with this {label} already exists."
            )


def _check_unique_together(netbox: "NetBox", kind: str, row: Row) -> None:
    names = UNIQUE_TOGETHER.get(kind)
    if names is None or row[names[0]] is None:
        return
    same = netbox.find(kind, **{name: row[name] for name in names})
    if any(other["id"] != row["id"] for other in same):
        labels = [name.replace("_", " ").capitalize() for name in names]
        listed = f"{', '.join(labels[:-1])} and {labels[-1]}"
        model = netbox.kinds[kind].model.capitalize()
        raise invalid("__all__", f"{model} with this {listed} already exists.")


def after_create(netbox: "NetBox", kind: str, row: Row, sent: Mapping[str, Any]) -> None:
    """A new device gets its type's interfaces; a new interface the MAC that it names or brings."""
    if kind == "devices":
        for template in netbox.find("interface-templates", device_type=row["device_type"]):
            copied = {name: template[name] for name in ("name", "label", "type", "enabled", "mgmt_only")}
            netbox.create("interfaces", {"device": row["id"], **copied})
    if kind == "interfaces" and row.get("primary_mac_address"):
        mac = netbox.tables["mac-addresses"].rows[row["primary_mac_address"]]
        assigned = {"assigned_object_type": "dcim.interface", "assigned_object_id": row["id"]}
        netbox.tables["mac-addresses"].put({**mac, **assigned})
    if kind == "interfaces" and sent.get("mac_address") and netbox.release >= MAC_WITH_INTERFACE:
        assigned = {"assigned_object_type": "dcim.interface", "assigned_object_id": row["id"]}
        mac = netbox.create("mac-addresses", {"mac_address": sent["mac_address"], **assigned})
        netbox.tables["interfaces"].put({**row, "primary_mac_address": mac["id"]})
