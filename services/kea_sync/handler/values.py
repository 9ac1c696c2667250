"""What one DHCP server is and holds of a server, and what it shall hold."""

from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network

from events.values import MacAddress, ServerName

HW_ADDRESS = "hw-address"
GLOBAL = 0
"""The subnet id of reservations that belong to no subnet."""


@dataclass(frozen=True)
class Subnet:
    """A subnet, its pools (first and last address), and the flags in effect in it."""

    id: int
    prefix: IPv4Network
    pools: tuple[tuple[IPv4Address, IPv4Address], ...] = ()
    in_subnet: bool = True
    out_of_pool: bool = False

    def __str__(self) -> str:
        return f"subnet {self.id} ({self.prefix})"


@dataclass(frozen=True)
class Reserved:
    """A host reservation. `hostname` is in lower case, and empty where it has none."""

    subnet_id: int
    identifier_type: str
    identifier: str
    address: IPv4Address | None
    hostname: str

    @property
    def mac(self) -> str | None:
        """The client's MAC, if that is how the reservation knows it."""
        return self.identifier if self.identifier_type == HW_ADDRESS else None

    def __str__(self) -> str:
        return f"{self.hostname or 'no hostname'}, {self.identifier}, {self.address or 'no address'}"


@dataclass(frozen=True)
class Lease:
    """A lease that has not expired. `mac` is empty where the address was declined as used by a stranger."""

    address: IPv4Address
    mac: str
    hostname: str
    expires: datetime

    def __str__(self) -> str:
        holder = self.mac or "a stranger"
        return f"{holder} ({self.hostname or 'no hostname'}) until {self.expires:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True)
class Configuration:
    """What of a server's running configuration decides whether and how a reservation counts."""

    subnets: tuple[Subnet, ...]
    hooks: frozenset[str] = frozenset({"host_cmds", "lease_cmds"})
    has_database: bool = True
    unique_addresses: bool = True
    identifiers: frozenset[str] = frozenset({HW_ADDRESS})
    in_file: frozenset[IPv4Address] = frozenset()
    """Addresses that the configuration itself reserves."""

    def knows(self, reserved: Reserved) -> bool:
        """Whether a reservation is this server's, and not that of another which shares its database."""
        return reserved.subnet_id == GLOBAL or any(
            subnet.id == reserved.subnet_id
            and (reserved.address is None or reserved.address in subnet.prefix)
            for subnet in self.subnets
        )

    def add_tells_holder(self, address: IPv4Address) -> bool:
        """Whether adding a reservation of an address fails when another has it."""
        return self.unique_addresses and address not in self.in_file


@dataclass(frozen=True)
class Wanted:
    """What one DHCP server shall hold for the BMC: nothing where `subnet` is `None`, for it serves it not."""

    server: ServerName
    mac: MacAddress
    address: IPv4Address
    subnet: Subnet | None = None

    @property
    def hostname(self) -> str:
        """The reservation's hostname."""
        return f"{self.server}-bmc"

    @property
    def reservation(self) -> Reserved | None:
        """The reservation that shall stand."""
        if self.subnet is None:
            return None
        return Reserved(self.subnet.id, HW_ADDRESS, self.mac, self.address, self.hostname)

    def owns(self, reserved: Reserved) -> bool:
        """Whether a reservation is this server's own, of now or of before."""
        if not reserved.hostname:
            return reserved.mac == self.mac
        return reserved.hostname.partition(".")[0] in (self.server, self.hostname)


@dataclass(frozen=True)
class Held:
    """What one DHCP server holds that touches a server: its own, and what stands in its way."""

    configuration: Configuration
    reservations: tuple[Reserved, ...] = ()
    leases: tuple[Lease, ...] = ()
