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

    Those of a range that is marked as populated are kept back, and network and broadcast address too,
    but for pools and for prefixes of one or two addresses. A container of the global table looks at
    the addresses of every VRF.
    """
    network = prefix["prefix"]
    first, last = int(network.network_address), int(network.broadcast_address)
    if not prefix["is_pool"] and network.prefixlen < ALL_USABLE[network.version]:
        first, last = first + 1, last - (network.version == 4)
    any_vrf = prefix["vrf"] is None and prefix["status"] == "container"
    vrf = {} if any_vrf else {"vrf": prefix["vrf"]}
    populated = _populated(netbox, prefix)
    for number in range(first, last + 1):
        address = ip_address(number) if network.version == 4 else IPv6Address(number)
        inside = any(start <= number <= end for start, end in populated)
        if not inside and not netbox.find("ip-addresses", address=address, **vrf):
            yield address


def _populated(netbox: "NetBox", prefix: Row) -> list[tuple[int, int]]:
    """The ranges of the prefix's VRF that lie in it and are marked, by their first and last number."""
    return [
        (int(one["start_address"].ip), int(one["end_address"].ip))
        for one in netbox.tables["ip-ranges"].rows.values()
        if one["mark_populated"] and one["vrf"] == prefix["vrf"]
        if one["start_address"].ip in prefix["prefix"] and one["end_address"].ip in prefix["prefix"]
    ]


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
