"""DHCP servers that live in memory, hold what they are told, and fail when they are told to."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network

from events.errors import Refuse, Unreachable
from kea_sync.handler.acts import (
    Act,
    AddReservation,
    DeleteLease,
    DeleteReservation,
    SaveConfiguration,
    Store,
)
from kea_sync.handler.port import OvertakenError
from kea_sync.handler.values import Configuration, Lease, Reserved, Subnet

SUBNET = Subnet(7, IPv4Network("10.0.7.0/24"))
OTHER_SUBNET = Subnet(8, IPv4Network("10.0.8.0/24"))
CONFIGURATION = Configuration(subnets=(SUBNET, OTHER_SUBNET))


class ProcessDied(BaseException):
    """The process ended right before this act."""


@dataclass
class Patience:
    """After how many acts, on whatever server, the process dies."""

    acts_left: int = 1_000_000

    def spend(self) -> None:
        if self.acts_left == 0:
            raise ProcessDied
        self.acts_left -= 1


@dataclass
class FakeServer:
    """One DHCP server; two that are given the same `reservations` share a hosts database."""

    name: str = "kea-a"
    running: Configuration = CONFIGURATION
    reservations: list[Reserved] = field(default_factory=list)
    leases: list[Lease] = field(default_factory=list)
    prefixes: tuple[IPv4Network, ...] = ()
    subnet_id: int | None = None
    without_database: Store | None = None
    down: bool = False
    blind: bool = False
    """Shows no reservation until one is added: another process adds it in the meantime."""
    patience: Patience = field(default_factory=Patience)
    acts: list[Act] = field(default_factory=list)
    cached: Configuration | None = None

    async def configuration(self) -> Configuration:
        if self.cached is None:
            self._answer()
            self.cached = self.running
        return self.cached

    async def named(self, hostname: str) -> list[Reserved]:
        return self._shown([found for found in self.reservations if found.hostname == hostname])

    async def of(self, mac: str) -> list[Reserved]:
        return self._shown([found for found in self.reservations if found.mac == mac])

    async def at(self, address: IPv4Address) -> list[Reserved]:
        return self._shown([found for found in self.reservations if found.address == address])

    async def leases_of(self, mac: str) -> list[Lease]:
        self._answer()
        if "lease_cmds" not in self.running.hooks or not mac:
            raise Refuse(f"{self.name} does not know this command, or misses its argument")
        return [lease for lease in self.leases if lease.mac == mac]

    async def leases_at(self, address: IPv4Address) -> list[Lease]:
        self._answer()
        return [lease for lease in self.leases if lease.address == address]

    async def apply(self, act: Act) -> None:
        self._answer()
        self.patience.spend()
        match act:
            case DeleteLease(lease):
                self.leases.remove(lease)
            case DeleteReservation(reserved):
                if reserved not in self.reservations:
                    raise OvertakenError(f"{reserved} is not there")
                self.reservations.remove(reserved)
            case AddReservation(reserved):
                self._add(reserved)
            case SaveConfiguration():
                pass
        self.acts.append(act)

    def _add(self, added: Reserved) -> None:
        self.blind = False
        for held in self.reservations:
            same_subnet = held.subnet_id == added.subnet_id
            if same_subnet and (held.identifier == added.identifier or held.address == added.address):
                raise OvertakenError("duplicate")
        self.reservations.append(added)

    def _shown(self, reservations: list[Reserved]) -> list[Reserved]:
        self._answer()
        if "host_cmds" not in self.running.hooks:
            raise Refuse(f"{self.name} does not know this command")
        return [] if self.blind else reservations

    def _answer(self) -> None:
        if self.down:
            raise Unreachable(f"{self.name} does not answer", backend=self.name)


class FakeServers:
    """All of them."""

    def __init__(self, *servers: FakeServer) -> None:
        self.servers = servers

    def forget(self) -> None:
        for server in self.servers:
            server.cached = None


def reserved(
    hostname: str = "dcoa-rb06u31-bmc",
    mac: str = "3c:ec:ef:a1:9c:e8",
    address: str = "10.0.7.31",
    subnet_id: int = 7,
) -> Reserved:
    return Reserved(subnet_id, "hw-address", mac, IPv4Address(address), hostname)


def lease(mac: str = "3c:ec:ef:a1:9c:e8", address: str = "10.0.7.31", hostname: str = "printer") -> Lease:
    return Lease(IPv4Address(address), mac, hostname, datetime(2100, 1, 2, 3, 4, 5, tzinfo=UTC))
