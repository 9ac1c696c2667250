"""The fields that nobody writes: counts, depths, and what other objects say of this one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.render import Renderer

Computed = Callable[["Renderer", Row], Any]
SCOPES = {"dcim.site": "sites", "dcim.location": "locations"}


def _family(field: str) -> Computed:
    return lambda _, row: {"value": row[field].version, "label": f"IPv{row[field].version}"}


def _count(kind: str, field: str) -> Computed:
    return lambda show, row: len(show.netbox.find(kind, **{field: row["id"]}))


def _depth(kind: str) -> Computed:
    def depth(show: "Renderer", row: Row) -> int:
        above = show.netbox.get(kind, row["parent"])
        return depth(show, above) + 1 if above else 0

    return depth


def _primary_mac(show: "Renderer", row: Row) -> str | None:
    mac = show.netbox.get("mac-addresses", row["primary_mac_address"])
    return str(mac["mac_address"]) if mac else None


def _pointing(kind: str, field: str) -> Computed:
    return lambda show, row: [
        show.brief(kind, other["id"]) for other in show.netbox.find(kind, **{field: row["id"]})
    ]


def _prefixes(*, inside: bool) -> Computed:
    def count(show: "Renderer", row: Row) -> int:
        same_vrf = (other["prefix"] for other in show.netbox.find("prefixes", vrf=row["vrf"]))
        pairs = [(other, row["prefix"]) if inside else (row["prefix"], other) for other in same_vrf]
        return sum(a != b and a.version == b.version and a.subnet_of(b) for a, b in pairs)

    return count


COMPUTED: dict[tuple[str, str], Computed] = {
    ("sites", "device_count"): _count("devices", "site"),
    ("sites", "rack_count"): _count("racks", "site"),
    ("locations", "device_count"): _count("devices", "location"),
    ("locations", "rack_count"): _count("racks", "location"),
    ("locations", "_depth"): _depth("locations"),
    ("device-roles", "_depth"): _depth("device-roles"),
    ("racks", "device_count"): _count("devices", "rack"),
    ("device-types", "device_count"): _count("devices", "device_type"),
    ("device-types", "interface_template_count"): _count("interface-templates", "device_type"),
    ("devices", "interface_count"): _count("interfaces", "device"),
    ("devices", "primary_ip"): lambda show, row: show.brief(
        "ip-addresses", row["primary_ip4"] or row["primary_ip6"]
    ),
    ("interfaces", "mac_address"): _primary_mac,
    ("interfaces", "mac_addresses"): _pointing("mac-addresses", "assigned_object_id"),
    ("interfaces", "count_ipaddresses"): _count("ip-addresses", "assigned_object_id"),
    ("mac-addresses", "assigned_object"): lambda show, row: show.brief(
        "interfaces", row["assigned_object_id"]
    ),
    ("ip-addresses", "assigned_object"): lambda show, row: show.brief(
        "interfaces", row["assigned_object_id"]
    ),
    ("ip-addresses", "nat_outside"): _pointing("ip-addresses", "nat_inside"),
    ("ip-addresses", "family"): _family("address"),
    ("prefixes", "scope"): lambda show, row: (
        show.brief(SCOPES[row["scope_type"]], row["scope_id"]) if row["scope_type"] else None
    ),
    ("prefixes", "family"): _family("prefix"),
    ("ip-ranges", "family"): _family("start_address"),
    ("ip-ranges", "size"): lambda _, row: int(row["end_address"].ip) - int(row["start_address"].ip) + 1,
    ("prefixes", "children"): _prefixes(inside=True),
    ("prefixes", "_depth"): _prefixes(inside=False),
}
