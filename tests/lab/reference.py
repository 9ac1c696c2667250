"""NetBox's reference data in the lab: the example file, put in through the REST API."""

from __future__ import annotations

import json
from typing import Any

import httpx

from tests.lab.place import CHECKOUT, LabError, say

EXAMPLE = CHECKOUT / "examples" / "netbox.json"

# Where each list of the file goes, in the order in which NetBox can take it.
ENDPOINTS = {
    "tenants": "tenancy/tenants",
    "tags": "extras/tags",
    "custom-fields": "extras/custom-fields",
    "sites": "dcim/sites",
    "locations": "dcim/locations",
    "racks": "dcim/racks",
    "manufacturers": "dcim/manufacturers",
    "device-types": "dcim/device-types",
    "device-roles": "dcim/device-roles",
    "vrfs": "ipam/vrfs",
    "prefixes": "ipam/prefixes",
    "devices": "dcim/devices",
    "interfaces": "dcim/interfaces",
    "ip-addresses": "ipam/ip-addresses",
}
# The fields that name an entry of another list, by its slug and by its name.
SLUGS = {
    "tenant": "tenants",
    "site": "sites",
    "location": "locations",
    "manufacturer": "manufacturers",
    "device_type": "device-types",
    "role": "device-roles",
}
NAMES = {"rack": "racks", "device": "devices", "vrf": "vrfs"}

Entry = dict[str, Any]


def seed(url: str, token: str) -> None:
    """Put the example's objects into an empty NetBox."""
    say(f"puts {EXAMPLE.relative_to(CHECKOUT)} into NetBox")
    example: dict[str, list[Entry]] = json.loads(EXAMPLE.read_text())
    unknown = set(example) - set(ENDPOINTS)
    if unknown:
        raise LabError(
            f"{EXAMPLE.name} has lists that the lab knows no endpoint for: {', '.join(sorted(unknown))}"
        )
    with httpx.Client(
        base_url=f"{url}/api/", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as api:
        ids: dict[tuple[str, str], int] = {}
        for kind, endpoint in ENDPOINTS.items():
            for entry in example.get(kind, []):
                _create(api, kind, endpoint, dict(entry), ids)


def _create(
    api: httpx.Client, kind: str, endpoint: str, entry: Entry, ids: dict[tuple[str, str], int]
) -> None:
    templates = entry.pop("interface_templates", [])
    interface = entry.pop("interface", None)
    for field, value in entry.items():
        if field in SLUGS or field in NAMES:
            entry[field] = ids[SLUGS.get(field) or NAMES[field], value]
    if interface:
        entry["assigned_object_type"] = "dcim.interface"
        entry["assigned_object_id"] = ids["interfaces", f"{interface['device']} {interface['name']}"]
    made = _post(api, endpoint, entry)
    for name in (entry.get("slug"), entry.get("name")):
        ids[kind, str(name)] = made["id"]
    if kind == "interfaces":
        ids[kind, f"{made['device']['name']} {made['name']}"] = made["id"]
    for template in templates:
        _post(api, "dcim/interface-templates", {"device_type": made["id"], **template})


def _post(api: httpx.Client, endpoint: str, entry: Entry) -> Entry:
    answer = api.post(f"{endpoint}/", json=entry)
    if not answer.is_success:
        raise LabError(f"NetBox refused {entry} at {endpoint}: {answer.text}")
    made: Entry = answer.json()
    return made
