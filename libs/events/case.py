"""One message while a step has it in hand: what came, what is known of it, what it turned out to say."""

from dataclasses import dataclass, field

from events.arrival import Arrival
from events.attempts import Attempts
from events.orders import Orders
from events.types import Event


@dataclass
class Case:
    """Fills as the delivery goes on; `event` stays `None` where the message can't be read."""

    arrival: Arrival
    attempts: Attempts
    event: Event | None = None
    orders: Orders = field(default_factory=Orders)

    @property
    def repeated(self) -> bool:
        """Whether an earlier delivery, or an earlier telling, may have acted on it already."""
        return self.arrival.deliveries > 1 or self.arrival.private
