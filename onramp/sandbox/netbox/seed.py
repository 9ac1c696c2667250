"""A NetBox that is not empty: reference data and devices from a JSON file."""

import json
from pathlib import Path
from typing import Any

from onramp.sandbox.netbox.errors import Refused
from onramp.sandbox.netbox.state import NetBox


def seed(netbox: NetBox, file: Path) -> None:
    """Add what the file lists: a list of objects for each kind, in the file's order.

    A text stands for a related object with that slug or name. A device type may bring
    `interface_templates`; an `interface` (its name and its device's) assigns an IP or a MAC address.

    Raises:
        ValueError: naming the object that NetBox would refuse, and why.
    """
    for kind, listed in json.loads(file.read_text()).items():
        if kind not in netbox.kinds:
            raise ValueError(f"{file}: NetBox {netbox.version} has no {kind}")
        for fields in listed:
            try:
                _add(netbox, kind, dict(fields))
            except Refused as refused:
                raise ValueError(f"{file}: {kind} {fields}: {refused.body}") from None


def _add(netbox: NetBox, kind: str, fields: dict[str, Any]) -> None:
    templates = fields.pop("interface_templates", [])
    if interface := fields.pop("interface", None):
        (device,) = netbox.find("devices", name=interface["device"])
        (found,) = netbox.find("interfaces", device=device["id"], name=interface["name"])
        fields |= {"assigned_object_type": "dcim.interface", "assigned_object_id": found["id"]}
    added = netbox.add(kind, **fields)
    for template in templates:
        netbox.add("interface-templates", device_type=added, **template)
