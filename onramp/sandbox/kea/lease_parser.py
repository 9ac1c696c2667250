"""A lease, read from `lease4-add` and `lease4-update` as Kea's parser reads it."""

import time
from ipaddress import IPv4Address

from onramp.sandbox.kea.answers import CONFLICT, Json, KeaError, integer, parse_address, required
from onramp.sandbox.kea.identifiers import decode_octets
from onramp.sandbox.kea.subnets import Subnet, Subnets

OPTIONAL: Json = {"fqdn-fwd": False, "fqdn-rev": False, "state": 0}


def parse_lease(given: Json, subnets: Subnets) -> Json:
    """The lease as Kea shows it; raises KeaError, with result 4 where the subnet does not fit."""
    address = parse_address(required(given, "ip-address", str))
    if not isinstance(address, IPv4Address):
        raise KeaError(f"Non-IPv4 address specified: {address}")
    mac = decode_octets(required(given, "hw-address", str))
    subnet = _subnet_of(given, address, subnets)
    lifetime = integer(given, "valid-lft", 2**32 - 1) if "valid-lft" in given else subnet.valid_lifetime
    client = {"client-id": decode_octets(required(given, "client-id", str))} if "client-id" in given else {}
    return {
        "ip-address": str(address),
        "subnet-id": subnet.id,
        "hw-address": mac,
        **client,
        "cltt": _last_transmission(given, address, lifetime),
        "valid-lft": lifetime,
        "hostname": required(given, "hostname", str).lower() if "hostname" in given else "",
        **{name: given.get(name, default) for name, default in OPTIONAL.items()},
    }


def _subnet_of(given: Json, address: IPv4Address, subnets: Subnets) -> Subnet:
    subnet_id = integer(given, "subnet-id", 2**32 - 1) if "subnet-id" in given else 0
    if not subnet_id:
        holder = next((subnet for subnet in subnets.values() if address in subnet.prefix), None)
        if holder is None:
            text = f"subnet-id not specified and failed to find a subnet for address {address}"
            raise KeaError(text, CONFLICT)
        return holder
    if subnet_id not in subnets:
        missing = f"No IPv4 subnet with subnet-id={subnet_id} currently configured."
        raise KeaError(f"Invalid subnet-id: {missing}", CONFLICT)
    subnet = subnets[subnet_id]
    if address not in subnet.prefix:
        place = f"subnet {subnet.prefix}, subnet-id={subnet_id}"
        raise KeaError(f"The address {address} does not belong to {place}", CONFLICT)
    return subnet


def _last_transmission(given: Json, address: IPv4Address, lifetime: int) -> int:
    """The `cltt`, in seconds since the epoch, that makes the lease end when it is meant to."""
    if "expire" not in given:
        return int(time.time())
    expiry: int = required(given, "expire", int)
    if expiry <= 0:
        raise KeaError(f"expiration time must be positive for address {address}")
    if expiry < lifetime:
        raise KeaError(f"expiration time must be greater than valid lifetime for address {address}")
    return expiry - lifetime
