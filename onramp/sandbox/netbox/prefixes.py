"""Which addresses of a prefix are free, and the allocation of the next ones."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import islice
from typing import TYPE_CHECKING, Any

from onramp.sandbox.netbox.errors import Refused
from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox

ALL_USABLE = {4: 31, 6: 127}


def free(netbox: "NetBox", prefix: Row) -> Iterator[IPv4Address | IPv6Address]:
    """The addresses that no IP address object of the prefix's VRF has, from the lowest on.

    Network and broadcast address are kept back, but for pools and for prefixes of one or two addresses.
    """
    network = prefix["prefix"]
    first, last = int(network.network_address), int(network.broadcast_address)
    if not prefix["is_pool"] and network.prefixlen < ALL_USABLE[network.version]:
        first, last = first + 1, last - (network.version == 4)
    for number in range(first, last + 1):
        address = ip_address(number) if network.version == 4 else IPv6Address(number)
        if not netbox.find("ip-addresses", address=address, vrf=prefix["vrf"]):
            yield address


def allocate(netbox: "NetBox", prefix: Row, sent: list[Mapping[str, Any]]) -> list[Row]:
    """Create one IP address for each object that was sent, with the fields that it holds.

    Raises:
        Refused: 409 when there are fewer free addresses than were asked for; 400 as for any POST.
    """
    addresses = list(islice(free(netbox, prefix), len(sent)))
    if len(addresses) < len(sent):
        raise Refused({"detail": "Insufficient resources are available to satisfy the request"}, 409)
    length = prefix["prefix"].prefixlen
    wanted = [
        {**one, "address": f"{address}/{one.get('prefix_length') or length}", "vrf": prefix["vrf"]}
        for one, address in zip(sent, addresses, strict=True)
    ]
    return netbox.create_all("ip-addresses", wanted)
