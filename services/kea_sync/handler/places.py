"""Which DHCP servers serve an address, and in which subnet."""

from dataclasses import dataclass
from ipaddress import IPv4Address

from events.errors import Refuse, Retry
from kea_sync.handler.port import DhcpServer, DhcpServers
from kea_sync.handler.values import Configuration, Subnet

HOOKS = frozenset({"host_cmds", "lease_cmds"})


@dataclass(frozen=True)
class Place:
    """One DHCP server as it is configured; it serves the address if it has a subnet for it."""

    server: DhcpServer
    configuration: Configuration
    subnet: Subnet | None

    @property
    def can_be_asked(self) -> bool:
        """Whether reservations and leases can be read and changed there."""
        return self.configuration.hooks >= HOOKS


@dataclass(frozen=True)
class Places:
    """The servers that were reached, those that serve the address first, and why others were not."""

    reached: tuple[Place, ...]
    delayed: tuple[Retry, ...]
    passed_over: tuple[str, ...]

    def others(self, place: Place) -> list[Place]:
        """The servers beside this one that serve the address."""
        return [other for other in self.reached if other.subnet and other is not place]


def tied_elsewhere(server: DhcpServer, address: IPv4Address) -> bool:
    """Whether an operator has said that this server does not serve the address."""
    return bool(server.prefixes) and not any(address in prefix for prefix in server.prefixes)


async def locate(address: IPv4Address, dhcp: DhcpServers) -> Places:
    """Every server's place. Raises Refuse when none serves the address or one that does lacks a hook."""
    reached, delayed, passed_over = [], [], []
    for server in dhcp.servers:
        try:
            configuration = await server.configuration()
        except Retry as error:
            if tied_elsewhere(server, address):
                passed_over.append(error.reason)
            else:
                delayed.append(error)
            continue
        reached.append(Place(server, configuration, _subnet_of(server, configuration, address)))
    _refuse_lacking(address, reached, delayed)
    reached.sort(key=lambda place: place.subnet is None)
    return Places(tuple(reached), tuple(delayed), tuple(passed_over))


def _subnet_of(server: DhcpServer, configuration: Configuration, address: IPv4Address) -> Subnet | None:
    if tied_elsewhere(server, address):
        return None
    fitting = [
        subnet
        for subnet in configuration.subnets
        if address in subnet.prefix and server.subnet_id in (None, subnet.id)
    ]
    return max(fitting, key=lambda subnet: subnet.prefix.prefixlen, default=None)


def _refuse_lacking(address: IPv4Address, reached: list[Place], delayed: list[Retry]) -> None:
    serving = [place for place in reached if place.subnet]
    if not serving and not delayed:
        subnets = "; ".join(_subnets(place) for place in reached) or "none was reached"
        raise Refuse(f"no DHCP server serves {address}: {subnets}", culprit=str(address))
    for place in serving:
        missing = sorted(HOOKS - place.configuration.hooks)
        if missing:
            reason = f"{place.server.name} does not load the hook library {' and '.join(missing)}"
            raise Refuse(reason, culprit=missing[0])


def _subnets(place: Place) -> str:
    subnets = ", ".join(map(str, place.configuration.subnets)) or "no subnet"
    tie = f", and is tied to {', '.join(map(str, place.server.prefixes))}" if place.server.prefixes else ""
    return f"{place.server.name} has {subnets}{tie}"
