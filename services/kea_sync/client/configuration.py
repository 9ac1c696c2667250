"""What a `config-get` answer says of subnets and reservations."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from kea_sync.client.channel import Json
from kea_sync.handler.values import Configuration, Subnet

IDENTIFIERS = ("hw-address", "duid", "circuit-id", "client-id")
"""Those that Kea looks for when its configuration names none."""


def configuration_of(dhcp4: Json) -> Configuration:
    """The values that count, each flag as inherited: from the subnet, its shared network, or globally."""
    levels = list(_subnet_levels(dhcp4))
    reservations = [*dhcp4.get("reservations", [])]
    for *_, subnet in levels:
        reservations += subnet.get("reservations", [])
    return Configuration(
        subnets=tuple(_subnet(*level) for level in levels),
        hooks=frozenset(
            Path(hook["library"]).stem.removeprefix("libdhcp_") for hook in dhcp4.get("hooks-libraries", [])
        ),
        has_database=bool(dhcp4.get("hosts-databases") or dhcp4.get("hosts-database")),
        unique_addresses=dhcp4.get("ip-reservations-unique", True),
        identifiers=frozenset(dhcp4.get("host-reservation-identifiers", IDENTIFIERS)),
        in_file=frozenset(IPv4Address(host["ip-address"]) for host in reservations if "ip-address" in host),
    )


def _subnet_levels(dhcp4: Json) -> Iterator[tuple[Json, ...]]:
    yield from ((dhcp4, subnet) for subnet in dhcp4.get("subnet4", []))
    for network in dhcp4.get("shared-networks", []):
        yield from ((dhcp4, network, subnet) for subnet in network.get("subnet4", []))


def _subnet(*levels: Json) -> Subnet:
    subnet = levels[-1]

    def flag(name: str, default: bool) -> bool:
        return next((bool(level[name]) for level in reversed(levels) if name in level), default)

    return Subnet(
        id=subnet["id"],
        prefix=IPv4Network(subnet["subnet"]),
        pools=tuple(_range(pool["pool"]) for pool in subnet.get("pools", [])),
        in_subnet=flag("reservations-in-subnet", default=True),
        out_of_pool=flag("reservations-out-of-pool", default=False),
    )


def _range(pool: str) -> tuple[IPv4Address, IPv4Address]:
    if "/" in pool:
        prefix = IPv4Network(pool.replace(" ", ""))
        return prefix[0], prefix[-1]
    first, last = pool.split("-")
    return IPv4Address(first.strip()), IPv4Address(last.strip())
