"""NetBox's rows as the values of the bucket. Pure; nothing is read or written."""

import json
from collections.abc import Collection, Iterator
from ipaddress import ip_network
from itertools import chain

from events.reference import (
    SITES,
    TABLES,
    DeviceRole,
    DeviceType,
    Item,
    Location,
    Prefix,
    Rack,
    Site,
    Tenant,
)
from events.types import Frozen
from events.values import IpAddress, IpPrefix
from netbox_sync.client.connection import Json
from netbox_sync.client.references import id_of
from netbox_sync.reference.free import free_addresses
from netbox_sync.reference.tables import Tables

_NAME_OF = {kind: name for name, kind in TABLES.items()}


def shape(tables: Tables, infrastructure: Collection[IpAddress]) -> dict[str, bytes]:
    """The bucket's values by key. Equal tables make equal bytes, in whatever order the rows came."""
    sites = sorted((Site(name=row["name"], slug=row["slug"]) for row in tables.sites), key=lambda s: s.slug)
    items = chain(_places(tables), _models(tables), _prefixes(tables, infrastructure))
    return {
        SITES: json.dumps([site.model_dump() for site in sites]).encode(),
        **{f"{_NAME_OF[type(item)]}.{item.id}": _bytes(item) for item in items},
    }


def _places(tables: Tables) -> Iterator[Item]:
    for row in tables.locations:
        yield Location(
            id=row["id"],
            name=row["name"],
            slug=row["slug"],
            site=row["site"]["slug"],
            parent=id_of(row["parent"]),
        )
    types = {row["id"]: row for row in tables.device_types}
    for row in tables.racks:
        yield Rack(
            id=row["id"],
            name=row["name"],
            site=row["site"]["slug"],
            location=id_of(row["location"]),
            u_height=row["u_height"],
            starting_unit=row.get("starting_unit", 1),
            desc_units=row["desc_units"],
            taken=tables.elevations.taken(row["id"], types),
        )


def _models(tables: Tables) -> Iterator[Item]:
    for row in tables.device_types:
        yield DeviceType(
            id=row["id"],
            manufacturer=row["manufacturer"]["slug"],
            model=row["model"],
            slug=row["slug"],
            u_height=row["u_height"],
            is_full_depth=row["is_full_depth"],
        )
    for row in tables.device_roles:
        yield DeviceRole(id=row["id"], name=row["name"], slug=row["slug"])
    for row in tables.tenants:
        yield Tenant(id=row["id"], name=row["name"], slug=row["slug"])


def _prefixes(tables: Tables, infrastructure: Collection[IpAddress]) -> Iterator[Item]:
    site_of = {row["id"]: row["site"]["slug"] for row in tables.locations}
    for row in tables.prefixes:
        network: IpPrefix = ip_network(row["prefix"])
        free, lowest = free_addresses(row, network, tables.taken, infrastructure)
        location = id_of(row["scope"]) if row.get("scope_type") == "dcim.location" else None
        yield Prefix(
            id=row["id"],
            prefix=network,
            vrf=row["vrf"]["name"] if row["vrf"] else None,
            site=site_of.get(location) if location else _site(row),
            location=location,
            role=row["role"]["slug"] if row["role"] else None,
            status=row["status"]["value"],
            description=row["description"],
            free=free,
            next=lowest,
        )


def _site(row: Json) -> str | None:
    """A prefix's own site: its scope from NetBox 4.2 on, before a field of its own."""
    site = row["scope"] if row.get("scope_type") == "dcim.site" else row.get("site")
    return str(site["slug"]) if site else None


def _bytes(value: Frozen) -> bytes:
    return value.model_dump_json().encode()
