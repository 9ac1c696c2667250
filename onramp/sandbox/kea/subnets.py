"""The subnets of a server, and whether an address may be reserved in one."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from onramp.sandbox.kea.answers import SUBNET_ID_GLOBAL, KeaError
from onramp.sandbox.kea.hosts import Host


@dataclass(frozen=True)
class Subnet:
    """One `subnet4`; `valid_lifetime` in seconds, its own, its shared network's or the global one."""

    id: int
    prefix: IPv4Network
    valid_lifetime: int


Subnets = dict[int, Subnet]


def check_placement(subnets: Subnets, subnet_id: int, address: str | None = None) -> None:
    """Raises KeaError where the subnet is not configured or does not hold the address."""
    if subnet_id == SUBNET_ID_GLOBAL:
        return
    if subnet_id not in subnets:
        raise KeaError(f"IPv4 subnet with ID of '{subnet_id}' is not configured")
    prefix = subnets[subnet_id].prefix
    if address and IPv4Address(address) not in prefix:
        text = f"specified reservation '{address}' is not matching the IPv4 subnet prefix '{prefix}'"
        raise KeaError(text)


def refuse_address_without_subnet(subnets: Subnets, host: Host) -> None:
    """Raises KeaError, with a hint at the right subnet, if a host without one reserves an address."""
    if host.ip_address is None:
        return
    text = f"Mandatory 'subnet-id' parameter missing. The address '{host.ip_address}' belongs to"
    holders = [subnet for subnet in subnets.values() if IPv4Address(host.ip_address) in subnet.prefix]
    if not holders:
        raise KeaError(f"{text} no configured subnet.")
    others = " and others." if len(holders) > 1 else "."
    raise KeaError(f"{text} subnet '{holders[0].prefix}' id {holders[0].id}{others}")
