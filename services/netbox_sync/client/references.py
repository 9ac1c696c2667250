"""NetBox's reference data, read in whole tables and remembered for a while."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_network
from typing import Any, TypeVar, cast

from events.values import IpAddress, IpPrefix
from netbox_sync.client.connection import Connection, Json
from netbox_sync.handler.known import DeviceRole, DeviceType, Location, Prefix, Rack, Reference, Site, Tenant

R = TypeVar("R", bound=Reference)
T = TypeVar("T")

PATHS: dict[type[Reference], str] = {
    Site: "dcim/sites",
    Location: "dcim/locations",
    Rack: "dcim/racks",
    DeviceType: "dcim/device-types",
    DeviceRole: "dcim/device-roles",
    Tenant: "tenancy/tenants",
}

WHOLE = {"limit": 0}
"""As many a page as NetBox gives."""

GRAPHQL_SINCE = (4, 7)
"""The release whose GraphQL was seen to find what REST finds; before 4.3 its filters read otherwise."""

FRESH = 5.0
"""Seconds in which a read is not repeated, however many refused servers ask for it."""

_BLOCK = {4: 24, 6: 64}
"""The length of the networks around which prefixes are read: a BMC network's usual size."""


class References:
    """The tables, by kind and site. Several servers that ask for the same one share its read."""

    def __init__(self, connection: Connection, ttl: float) -> None:
        self.connection = connection
        self._ttl = ttl
        self._read_at: dict[object, float] = {}
        self._tables: dict[object, Any] = {}
        self._locks: defaultdict[object, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ready(self) -> None:
        """Whether NetBox answers. Raises `StepError` with the reason when it does not."""
        await self.connection.status()

    async def release(self) -> tuple[int, int]:
        """NetBox's version, `(4, 2)`."""
        status = await self._remembered("version", self.connection.status)
        major, minor = status["netbox-version"].split(".")[:2]
        return int(major), int(minor)

    async def has_graphql(self) -> bool:
        """Whether NetBox answers GraphQL as we ask it; where it does, it can be switched off."""
        if await self.release() < GRAPHQL_SINCE:
            return False
        query = "{ __typename }"
        return await self._remembered("graphql", lambda: self.connection.graphql(query)) is not None

    async def known(self, kind: type[R], *, site: int | None = None) -> Sequence[R]:
        """Every object of this kind (of this site)."""

        async def read() -> list[Reference]:
            at_site = {} if site is None else {"site_id": site}
            rows = await self.connection.get(PATHS[kind], **at_site, **WHOLE)
            return [_reference(kind, row) for row in rows]

        return cast(Sequence[R], await self._remembered((kind, site), read))

    async def prefixes_near(self, ip: IpAddress) -> Sequence[Prefix]:
        """The prefixes that hold any address of the block around this one."""
        block = ip_network((ip, _BLOCK[ip.version]), strict=False)

        async def read() -> list[Prefix]:
            around = await self.connection.get("ipam/prefixes", contains=block, **WHOLE)
            within = await self.connection.get("ipam/prefixes", within=block, **WHOLE)
            return [_prefix(row) for row in (*around, *within)]

        return await self._remembered(block, read)

    async def forget_references(self) -> None:
        """Read them anew when they are asked for next, unless they are only just read."""
        for key, read_at in list(self._read_at.items()):
            if time.monotonic() - read_at > FRESH:
                del self._read_at[key], self._tables[key]

    async def _remembered(self, key: object, read: Callable[[], Awaitable[T]]) -> T:
        async with self._locks[key]:
            if time.monotonic() - self._read_at.get(key, float("-inf")) > self._ttl:
                self._tables[key] = await read()
                self._read_at[key] = time.monotonic()
            return cast(T, self._tables[key])


def _reference(kind: type[Reference], row: Json) -> Reference:
    slug = row.get("slug", "")
    if kind is Location:
        return Location(row["id"], row["name"], slug, parent_id=id_of(row["parent"]))
    if kind is Rack:
        return Rack(row["id"], row["name"], location_id=id_of(row["location"]))
    if kind is DeviceType:
        maker, height = row["manufacturer"]["slug"], float(row["u_height"])
        return DeviceType(row["id"], row["model"], slug, maker, height, row["is_full_depth"])
    return kind(row["id"], row["name"], slug)


def _prefix(row: Json) -> Prefix:
    network: IpPrefix = ip_network(row["prefix"])
    vrf = row["vrf"]
    return Prefix(row["id"], network, id_of(vrf), vrf["name"] if vrf else None)


def id_of(brief: Json | None) -> int | None:
    """The id of an object that stands inside another, if one does."""
    return brief["id"] if brief else None
