"""The DHCP servers as this step needs them."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Protocol

from kea_sync.handler.acts import Act, Store
from kea_sync.handler.values import Configuration, Lease, Reserved


class OvertakenError(Exception):
    """An act found something else than what was found before it: read again."""


class DhcpServer(Protocol):
    """One DHCP server. Every verb raises `Unreachable` or `Retry` when it can't be had."""

    @property
    def name(self) -> str:
        """What operators call it."""

    @property
    def prefixes(self) -> Sequence[IPv4Network]:
        """The prefixes that it is tied to; none: its configuration says what it serves."""

    @property
    def subnet_id(self) -> int | None:
        """The one subnet that reservations go to, where an operator has set it."""

    @property
    def without_database(self) -> Store | None:
        """Where reservations go when it has no hosts database; `None`: they are refused."""

    async def configuration(self) -> Configuration:
        """Its running configuration, perhaps some minutes old."""

    async def named(self, hostname: str) -> list[Reserved]:
        """The reservations with a hostname, in all subnets."""

    async def of(self, mac: str) -> list[Reserved]:
        """The reservations of a client, in all subnets."""

    async def at(self, address: IPv4Address) -> list[Reserved]:
        """The reservations of an address, in all subnets."""

    async def leases_of(self, mac: str) -> list[Lease]:
        """A client's unexpired leases."""

    async def leases_at(self, address: IPv4Address) -> list[Lease]:
        """An address's unexpired lease, if there is one."""

    async def apply(self, act: Act) -> None:
        """Do it. Raises `OvertakenError` where things are no longer as they were found."""


class DhcpServers(Protocol):
    """All DHCP servers that there are."""

    @property
    def servers(self) -> Sequence[DhcpServer]:
        """Each of them, in the order that they are worked through."""

    def forget(self) -> None:
        """Read every configuration afresh when it is next asked for."""
