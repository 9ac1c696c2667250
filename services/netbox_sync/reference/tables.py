"""NetBox's tables as they are read: each in whole pages, so that a refresh is few requests."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import collapse_addresses, ip_network
from typing import Protocol

from netbox_sync.client.connection import Json

PAGE = 1000
"""NetBox's own bound, unless it is configured otherwise."""

PARENTS = 40
"""Networks that one request names: together they stay within the 4,094 bytes of a gunicorn request line."""


class Lists(Protocol):
    """A NetBox that can be read."""

    async def get(self, path: str, **filters: object) -> list[Json]:
        """Every object of a list, over all its pages."""


@dataclass(frozen=True)
class Tables:
    """The rows of one reading, as NetBox's REST API has them."""

    sites: Sequence[Json] = ()
    locations: Sequence[Json] = ()
    racks: Sequence[Json] = ()
    device_types: Sequence[Json] = ()
    device_roles: Sequence[Json] = ()
    tenants: Sequence[Json] = ()
    devices: Sequence[Json] = ()
    prefixes: Sequence[Json] = ()
    addresses: Sequence[Json] = ()
    ranges: Sequence[Json] = ()


class NetBoxTables:
    """Reads them. `role` narrows the prefixes, and with them the addresses, to those of one role's slug."""

    def __init__(self, netbox: Lists, role: str | None) -> None:
        self._netbox = netbox
        self._role = role

    async def read(self) -> Tables:
        """All of them. Raises `StepError` when NetBox does not answer or denies it."""
        prefixes = await self._whole("ipam/prefixes", **({"role": self._role} if self._role else {}))
        return Tables(
            sites=await self._whole("dcim/sites"),
            locations=await self._whole("dcim/locations"),
            racks=await self._whole("dcim/racks"),
            device_types=await self._whole("dcim/device-types"),
            device_roles=await self._whole("dcim/device-roles"),
            tenants=await self._whole("tenancy/tenants"),
            devices=await self._whole(
                "dcim/devices", position__empty="false", fields="id,display,device_type,rack,position,face"
            ),
            prefixes=prefixes,
            addresses=await self._addresses(prefixes),
            ranges=await self._whole("ipam/ip-ranges") if prefixes else (),
        )

    async def _addresses(self, prefixes: Sequence[Json]) -> list[Json]:
        found: list[Json] = []
        for parents in _batched(_covering(prefixes), PARENTS):
            found += await self._whole("ipam/ip-addresses", parent=parents, fields="id,address,vrf")
        return found

    async def _whole(self, path: str, **filters: object) -> list[Json]:
        return await self._netbox.get(path, limit=PAGE, **filters)


def _covering(prefixes: Iterable[Json]) -> list[str]:
    """The fewest networks that hold the prefixes and no address beside."""
    networks = [ip_network(row["prefix"]) for row in prefixes]
    four = collapse_addresses(network for network in networks if network.version == 4)
    six = collapse_addresses(network for network in networks if network.version == 6)
    return [*map(str, four), *map(str, six)]


def _batched(values: Sequence[str], size: int) -> Iterable[list[str]]:
    return (list(values[at : at + size]) for at in range(0, len(values), size))
