"""Which addresses of a prefix are free, as NetBox itself counts them for `available-ips`."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from ipaddress import ip_interface

from events.values import IpAddress, IpPrefix
from netbox_sync.client.connection import Json
from netbox_sync.client.references import id_of

EXACT = 2**53 - 1
"""What every JSON reader takes exactly (RFC 7493, section 2.2)."""

EVERY = "every"
"""In place of a VRF: all of them and the global table."""

_ALL_USABLE = {4: 31, 6: 127}
"""From this length on, every address of a prefix is some interface's."""

Interval = tuple[int, int]
Space = tuple[int, int | str | None]
"""An IP version and a VRF's id."""


class Runs:
    """A set of numbers. Neighbours take no more room than one: addresses are mostly given out in turn."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def add(self, number: int) -> None:
        """Add a number, joining the runs that it touches."""
        touched = slice(bisect_left(self._lasts, number - 1), bisect_right(self._firsts, number + 1))
        first, last = min([number, *self._firsts[touched]]), max([number, *self._lasts[touched]])
        self._firsts[touched], self._lasts[touched] = [first], [last]

    def touching(self, first: int, last: int) -> Iterable[Interval]:
        """The runs that hold any number from `first` to `last`, in order."""
        touched = slice(bisect_left(self._lasts, first), bisect_right(self._firsts, last))
        return zip(self._firsts[touched], self._lasts[touched], strict=True)


class Taken:
    """The addresses in use, as numbers: single ones, and ranges that are marked as populated."""

    def __init__(self) -> None:
        self._addresses: defaultdict[Space, Runs] = defaultdict(Runs)
        self._ranges: defaultdict[Space, list[Interval]] = defaultdict(list)

    def add_address(self, row: Json) -> None:
        """Take note of an address, whatever its mask."""
        ip = ip_interface(row["address"]).ip
        for space in _spaces(row, ip.version):
            self._addresses[space].add(int(ip))

    def add_range(self, row: Json) -> None:
        """Take note of a range that is kept back."""
        # Before NetBox 4.3 there is no such mark, and every range is.
        if not row.get("mark_populated", True):
            return
        first, last = ip_interface(row["start_address"]).ip, ip_interface(row["end_address"]).ip
        for space in _spaces(row, first.version):
            self._ranges[space].append((int(first), int(last)))

    def within(self, network: IpPrefix, vrf: int | str | None) -> list[Interval]:
        """What is taken of a network; of a range only one that lies in it whole."""
        space = network.version, vrf
        first, last = int(network.network_address), int(network.broadcast_address)
        ranges = (one for one in self._ranges[space] if first <= one[0] and one[1] <= last)
        return [*self._addresses[space].touching(first, last), *ranges]


def free_addresses(
    row: Json, network: IpPrefix, taken: Taken, infrastructure: Iterable[IpAddress]
) -> tuple[int, IpAddress | None]:
    """How many addresses of this prefix are free, and the lowest of them."""
    vrf, is_container = id_of(row["vrf"]), row["status"]["value"] == "container"
    inside = taken.within(network, EVERY if vrf is None and is_container else vrf)
    kept_back = [(int(ip), int(ip)) for ip in infrastructure if ip in network]
    first, last = int(network.network_address), int(network.broadcast_address)
    if not row["is_pool"] and network.prefixlen < _ALL_USABLE[network.version]:
        first, last = first + 1, last - (network.version == 4)
    count, lowest = gaps(first, last, sorted([*inside, *kept_back]))
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


def _spaces(row: Json, version: int) -> tuple[Space, Space]:
    return (version, id_of(row["vrf"])), (version, EVERY)
