"""How often somebody may ask: a token bucket each, forgotten once it is full again."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import monotonic

from starlette.requests import HTTPConnection

from intake.guards.problems import TooManyRequests

BURST = 10.0
"""Seconds' worth of requests that may come at once."""
REMEMBERED = 50_000
"""Buckets at most: whoever comes from more addresses than that meets other limits."""
SIGN_IN_COST = 0.25
"""Seconds' worth of requests that one sign-in counts as: it makes records that stay for a day."""


class Rates:
    """The buckets of one kind of asker. `TooManyRequests` says in how many seconds to come again."""

    def __init__(self, per_second: float, clock: Callable[[], float] = monotonic) -> None:
        """`per_second`: 0 is no limit."""
        self.per_second = per_second
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, asker: str, cost: float = 1.0) -> None:
        """Count a request. Raises `TooManyRequests`."""
        if not self.per_second:
            return
        now, room = self._clock(), max(self.per_second * BURST, 1.0)
        left, at = self._buckets.pop(asker, (room, now))
        left = min(room, left + (now - at) * self.per_second)
        enough = left >= cost
        self._buckets[asker] = (left - cost if enough else left, now)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        if not enough:
            raise TooManyRequests(ceil((cost - left) / self.per_second))


def per_address(rates: Rates) -> Callable[[HTTPConnection], Awaitable[None]]:
    """A dependency of every path."""

    async def counted(connection: HTTPConnection) -> None:
        signing_in = connection.url.path == "/auth/login"
        cost = max(1.0, rates.per_second * SIGN_IN_COST) if signing_in else 1.0
        rates.take(network_of(connection.client.host if connection.client else ""), cost)

    return counted


def network_of(host: str) -> str:
    """The address, or the IPv6 network that one customer has all of."""
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
