"""NetBox's tables in memory, and the real refresh of them into the real bucket."""

from dataclasses import replace
from typing import Any

from events.errors import Unreachable
from events.stream import Stream
from netbox_sync.reference import ReferenceBucket, Refresher
from netbox_sync.reference.bucket import STREAM
from netbox_sync.reference.elevations import Elevations
from netbox_sync.reference.tables import Tables
from tests.integration.rig import Rig

OSLO = {"id": 1, "name": "DC Oslo A", "slug": "dcoa"}
BERGEN = {"id": 2, "name": "DC Bergen", "slug": "dcbe"}
TYPE = {"model": "1U", "manufacturer": {"slug": "supermicro"}, "u_height": 1.0, "is_full_depth": True}


def location(id: int, slug: str, *, site: dict[str, Any] = OSLO, parent: int | None = None) -> dict[str, Any]:
    above = {"id": parent} if parent else None
    return {"id": id, "name": slug.upper(), "slug": slug, "site": site, "parent": above}


def rack(id: int, name: str, at: int | None, *, site: dict[str, Any] = OSLO) -> dict[str, Any]:
    place = {"site": site, "location": {"id": at} if at else None}
    return {"id": id, "name": name, **place, "u_height": 3, "starting_unit": 1, "desc_units": False}


def device(id: int, at: int, position: float, device_type: int = 1) -> dict[str, Any]:
    place = {"rack": {"id": at}, "position": position, "face": {"value": "front"}}
    return {"id": id, "display": f"server-{id}", "device_type": {"id": device_type}, **place}


def elevations(*devices: dict[str, Any]) -> Elevations:
    found = Elevations()
    for one in devices:
        found.add(one)
    return found


def prefix(id: int, network: str, **scope: Any) -> dict[str, Any]:
    basic = {"vrf": None, "role": None, "status": {"value": "active"}, "is_pool": False}
    return {
        "id": id,
        "prefix": network,
        "description": "",
        **basic,
        "scope_type": None,
        "scope": None,
        **scope,
    }


FILLED = Tables(
    sites=(OSLO, BERGEN),
    locations=(
        location(1, "hall-a"), location(2, "ra07", parent=1), location(3, "rb"),
        location(4, "x", site=BERGEN),
    ),
    racks=(rack(1, "RA07", 2), rack(2, "RB06", 3), rack(3, "X1", 4, site=BERGEN), rack(4, "Yard", None)),
    device_types=(
        {"id": 1, **TYPE, "slug": "1u"},
        {"id": 2, **TYPE, "model": "2U", "slug": "2u", "u_height": 2.0},
        {"id": 3, **TYPE, "model": "1U", "slug": "1u", "manufacturer": {"slug": "dell"}},
    ),
    device_roles=({"id": 1, "name": "Kubernetes worker", "slug": "k8s-worker"},),
    tenants=({"id": 1, "name": "Blue", "slug": "blue"},),
    elevations=elevations(device(1, at=1, position=1)),
    prefixes=(
        prefix(1, "10.16.28.0/24", scope_type="dcim.site", scope=OSLO),
        prefix(2, "10.17.0.0/24", scope_type="dcim.location", scope={"id": 4}),
        prefix(3, "10.18.0.0/24"),
    ),
)  # fmt: skip


class NetBox:
    """Its state is open to tests; it counts how often it was read, and can be told to be down."""

    def __init__(self) -> None:
        self.tables = FILLED
        self.down = False
        self.reads = 0

    async def read(self) -> Tables:
        self.reads += 1
        if self.down:
            raise Unreachable("NetBox cannot be reached", backend="http://netbox")
        return self.tables

    def set(self, **tables: Any) -> None:
        self.tables = replace(self.tables, **tables)


def refresher(rig: Rig, netbox: NetBox, interval: float = 300.0) -> Refresher:
    """A replica of netbox_sync, as far as the reference data goes."""
    return Refresher(netbox, ReferenceBucket(lambda: Stream(rig.client, STREAM)), interval)
