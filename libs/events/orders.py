"""What an operator asked for beside the event, when a message came by a step's private subject."""

from collections.abc import Mapping
from dataclasses import dataclass

DEAD_LETTER = "onramp-dead-letter"
FORCE_LEASE = "force-lease"


@dataclass(frozen=True)
class Orders:
    """Nothing, for most messages."""

    dead_letter: int | None = None
    """The id of the dead letter that is replayed: its sequence in `DEAD_LETTERS`."""
    force_lease: str | None = None
    """`<mac>@<ip>`: this live lease of another MAC may be deleted, once."""

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Orders":
        """Read the orders that a message carries."""
        letter = headers.get(DEAD_LETTER)
        return cls(int(letter) if letter else None, headers.get(FORCE_LEASE))
