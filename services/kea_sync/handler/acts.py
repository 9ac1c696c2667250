"""What may be done on one DHCP server; each act says itself to an operator."""

from dataclasses import dataclass
from enum import StrEnum

from events.types import Outcome
from kea_sync.handler.values import Lease, Reserved


class Store(StrEnum):
    """Where a DHCP server keeps reservations: a hosts database, or its memory and configuration file."""

    DATABASE = "database"
    MEMORY = "memory"


@dataclass(frozen=True)
class DeleteLease:
    """Take a lease away."""

    lease: Lease

    def __str__(self) -> str:
        return f"deletes the lease of {self.lease.address} to {self.lease}"


@dataclass(frozen=True)
class DeleteReservation:
    """Take an old reservation of this server away."""

    reserved: Reserved
    store: Store

    def __str__(self) -> str:
        return f"takes away the reservation {self.reserved}"


@dataclass(frozen=True)
class AddReservation:
    """Put in the reservation."""

    reserved: Reserved
    store: Store

    def __str__(self) -> str:
        return f"reserves {self.reserved.address} for {self.reserved.identifier}"


@dataclass(frozen=True)
class SaveConfiguration:
    """Write what is in memory into the configuration file."""

    def __str__(self) -> str:
        return "writes the configuration file"


Act = DeleteLease | DeleteReservation | AddReservation | SaveConfiguration


@dataclass(frozen=True)
class Plan:
    """What to do on one server, in this order: a crash between two acts is mended by deciding again."""

    outcome: Outcome
    acts: tuple[Act, ...] = ()

    @property
    def replaced_macs(self) -> frozenset[str]:
        """The MACs whose reservations go."""
        deleted = (act.reserved.mac for act in self.acts if isinstance(act, DeleteReservation))
        return frozenset(mac for mac in deleted if mac)
