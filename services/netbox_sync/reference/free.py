"""Which addresses of a prefix are free, as NetBox itself counts them for `available-ips`."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from ipaddress import ip_interface

from events.values import IpAddress, IpPrefix
from netbox_sync.client.connection import Json
from netbox_sync.client.references import id_of

EXACT = 2**53 - 1
"""What every JSON reader takes exactly (RFC 7493, section 2.2)."""

_ALL_USABLE = {4: 31, 6: 127}
"""From this length on, every address of a prefix is some interface's."""

Interval = tuple[int, int]


class Taken:
    """The addresses that are in use, each as a number: alone, or a range that is marked as populated."""

    def __init__(
        self, addresses: Iterable[Json], ranges: Iterable[Json], infrastructure: Iterable[IpAddress]
    ) -> None:
        self._everywhere = {4: list[Interval](), 6: list[Interval]()}
        self._in_vrf: dict[tuple[int, int | None], list[Interval]] = {}
        self._infrastructure = {4: list[Interval](), 6: list[Interval]()}
        for row in addresses:
            self._add(row, row["address"], row["address"])
        for row in ranges:
            # Before NetBox 4.3 there is no such mark, and every range is kept back.
            if row.get("mark_populated", True):
                self._add(row, row["start_address"], row["end_address"])
        for ip in infrastructure:
            self._infrastructure[ip.version].append((int(ip), int(ip)))
        for intervals in (*self._everywhere.values(), *self._in_vrf.values()):
            intervals.sort()

    def within(self, network: IpPrefix, *, vrf: int | None, any_vrf: bool) -> list[Interval]:
        """What lies in a network, sorted."""
        version = network.version
        known = self._everywhere[version] if any_vrf else self._in_vrf.get((version, vrf), [])
        first, last = int(network.network_address), int(network.broadcast_address)
        inside = known[bisect_left(known, (first, 0)) : bisect_left(known, (last + 1, 0))]
        kept_back = [one for one in self._infrastructure[version] if first <= one[0] <= last]
        return sorted([*(one for one in inside if one[1] <= last), *kept_back])

    def _add(self, row: Json, start: str, end: str) -> None:
        first, last = ip_interface(start).ip, ip_interface(end).ip
        interval = int(first), int(last)
        self._everywhere[first.version].append(interval)
        self._in_vrf.setdefault((first.version, id_of(row["vrf"])), []).append(interval)


def free_addresses(row: Json, network: IpPrefix, taken: Taken) -> tuple[int, IpAddress | None]:
    """How many addresses of this prefix are free, and the lowest of them."""
    vrf, is_container = id_of(row["vrf"]), row["status"]["value"] == "container"
    inside = taken.within(network, vrf=vrf, any_vrf=vrf is None and is_container)
    first, last = int(network.network_address), int(network.broadcast_address)
    if not row["is_pool"] and network.prefixlen < _ALL_USABLE[network.version]:
        first, last = first + 1, last - (network.version == 4)
    count, lowest = gaps(first, last, inside)
    kind = type(network.network_address)
    return min(count, EXACT), None if lowest is None else kind(lowest)


def gaps(first: int, last: int, taken: Sequence[Interval]) -> tuple[int, int | None]:
    """How many numbers from `first` to `last` are in none of the sorted intervals, and the lowest."""
    count, lowest, at = 0, None, first
    for start, end in (*taken, (last + 1, last + 1)):
        room = min(start, last + 1) - at
        if room > 0:
            count += room
            lowest = at if lowest is None else lowest
        at = max(at, end + 1)
    return count, lowest
