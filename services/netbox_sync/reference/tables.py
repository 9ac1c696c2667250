"""NetBox's tables as they are read: page by page, and of what grows with the servers only a tally is kept."""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import collapse_addresses, ip_network
from typing import Protocol

from netbox_sync.client.connection import Json
from netbox_sync.reference.elevations import Elevations
from netbox_sync.reference.free import Taken

PAGE = 250
"""Objects a request, and so in memory at once. NetBox's own bound is 1,000, unless configured otherwise."""

PARENTS = 40
"""Networks that one request names: together they stay within the 4,094 bytes of a gunicorn request line."""


class Lists(Protocol):
    """A NetBox that can be read."""

    def each(self, path: str, *, page: int, **filters: object) -> AsyncIterator[Json]:
        """The objects of a list in turn, `page` of them a request."""


@dataclass(frozen=True)
class Tables:
    """One reading: the rows as NetBox's REST API has them, and tallies of devices, addresses and ranges."""

    sites: Sequence[Json] = ()
    locations: Sequence[Json] = ()
    racks: Sequence[Json] = ()
    device_types: Sequence[Json] = ()
    device_roles: Sequence[Json] = ()
    tenants: Sequence[Json] = ()
    prefixes: Sequence[Json] = ()
    elevations: Elevations = field(default_factory=Elevations)
    taken: Taken = field(default_factory=Taken)


class NetBoxTables:
    """Reads them. `role` narrows the prefixes, and with them the addresses, to those of one role's slug."""

    def __init__(self, netbox: Lists, role: str | None) -> None:
        self._netbox = netbox
        self._role = role

    async def read(self) -> Tables:
        """All of them. Raises `StepError` when NetBox does not answer or denies it."""
        prefixes = await self._rows("ipam/prefixes", **({"role": self._role} if self._role else {}))
        return Tables(
            sites=await self._rows("dcim/sites"),
            locations=await self._rows("dcim/locations"),
            racks=await self._rows(
                "dcim/racks", fields="id,name,site,location,u_height,starting_unit,desc_units"
            ),
            device_types=await self._rows("dcim/device-types"),
            device_roles=await self._rows("dcim/device-roles"),
            tenants=await self._rows("tenancy/tenants"),
            prefixes=prefixes,
            elevations=await self._elevations(),
            taken=await self._taken(prefixes),
        )

    async def _elevations(self) -> Elevations:
        elevations = Elevations()
        fields = "id,display,device_type,rack,position,face"
        async for row in self._each("dcim/devices", position__empty="false", fields=fields):
            elevations.add(row)
        return elevations

    async def _taken(self, prefixes: Sequence[Json]) -> Taken:
        taken = Taken()
        for parents in _batched(_covering(prefixes), PARENTS):
            async for row in self._each("ipam/ip-addresses", parent=parents, fields="id,address,vrf"):
                taken.add_address(row)
        if prefixes:
            async for row in self._each("ipam/ip-ranges"):
                taken.add_range(row)
        return taken

    async def _rows(self, path: str, **filters: object) -> list[Json]:
        return [row async for row in self._each(path, **filters)]

    def _each(self, path: str, **filters: object) -> AsyncIterator[Json]:
        return self._netbox.each(path, page=PAGE, **filters)


def _covering(prefixes: Iterable[Json]) -> list[str]:
    """The fewest networks that hold the prefixes and no address beside."""
    networks = [ip_network(row["prefix"]) for row in prefixes]
    four = collapse_addresses(network for network in networks if network.version == 4)
    six = collapse_addresses(network for network in networks if network.version == 6)
    return [*map(str, four), *map(str, six)]


def _batched(values: Sequence[str], size: int) -> Iterable[list[str]]:
    return (list(values[at : at + size]) for at in range(0, len(values), size))
