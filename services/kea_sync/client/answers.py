"""Reservations and leases, read from Kea's answers and written for its commands."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

from kea_sync.client.channel import Json
from kea_sync.handler.values import HW_ADDRESS, Lease, Reserved

IDENTIFIERS = (HW_ADDRESS, "duid", "circuit-id", "client-id", "flex-id")
ASSIGNED, DECLINED = 0, 1
"""The states of a lease that keep an address from others."""


def reservation(reserved: Reserved) -> Json:
    """A reservation as `reservation-add` takes it."""
    return {
        "subnet-id": reserved.subnet_id,
        reserved.identifier_type: reserved.identifier,
        "ip-address": str(reserved.address),
        "hostname": reserved.hostname,
    }


def hosts(answer: Json | None) -> list[Reserved]:
    """The reservations of a listing; `None` is an empty one."""
    return [_reserved(host) for host in answer["hosts"]] if answer else []


def _reserved(host: Json) -> Reserved:
    identifier_type = next(name for name in IDENTIFIERS if name in host)
    return Reserved(
        subnet_id=host["subnet-id"],
        identifier_type=identifier_type,
        identifier=host[identifier_type].lower(),
        address=IPv4Address(host["ip-address"]) if "ip-address" in host else None,
        hostname=host.get("hostname", "").lower(),
    )


def unexpired(leases: list[Json]) -> list[Lease]:
    """The leases that keep their addresses from others at this moment."""
    read = [_lease(lease) for lease in leases if lease["state"] in (ASSIGNED, DECLINED)]
    return [lease for lease in read if lease.expires > datetime.now(UTC)]


def _lease(lease: Json) -> Lease:
    return Lease(
        address=IPv4Address(lease["ip-address"]),
        mac=lease["hw-address"].lower(),
        hostname=lease.get("hostname", ""),
        expires=datetime.fromtimestamp(lease["cltt"], UTC) + timedelta(seconds=lease["valid-lft"]),
    )
