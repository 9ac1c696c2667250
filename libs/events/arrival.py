"""One message as a step's consumer handed it over: what it is, where from, how often before."""

from dataclasses import dataclass
from datetime import UTC, datetime

from nats.aio.msg import Msg

from events import subjects
from events.errors import Refuse
from events.orders import Orders
from events.stored import Stored

ORIGINAL_SEQUENCE = "onramp-sequence"
"""On a private subject: where the same event stands on its public one."""


@dataclass(frozen=True)
class Arrival:
    """A delivery of one message; `sequence` is its own."""

    message: Msg
    subject: str
    headers: dict[str, str]
    data: bytes
    sequence: int
    deliveries: int
    stored_at: datetime
    site: str
    server: str
    private: bool

    @classmethod
    def of(cls, message: Msg) -> "Arrival":
        """Read a delivery. Its subject is one that the consumer's filters let through."""
        address = subjects.parse(message.subject)
        return cls(
            message=message,
            subject=message.subject,
            headers=dict(message.headers or {}),
            data=message.data,
            sequence=message.metadata.sequence.stream,
            deliveries=message.metadata.num_delivered or 1,
            stored_at=message.metadata.timestamp,
            site=address.site,
            server=address.server,
            private=address.replay_of is not None,
        )

    @property
    def stored(self) -> Stored:
        """As it stands in the stream."""
        return Stored(self.subject, self.sequence, self.stored_at, self.headers, self.data)

    @property
    def orders(self) -> Orders:
        """What an operator asked for with it. Raises `Refuse` when that can't be read."""
        try:
            return Orders.of(self.headers)
        except ValueError:
            raise Refuse("the message's orders can't be read") from None

    @property
    def original(self) -> int:
        """The event's sequence on its public subject. Raises `Refuse` when that can't be read."""
        try:
            return int(self.headers.get(ORIGINAL_SEQUENCE, self.sequence))
        except ValueError:
            raise Refuse("the event's own sequence can't be read") from None

    def age(self) -> float:
        """Seconds since it was stored, by this machine's clock."""
        return (datetime.now(UTC) - self.stored_at).total_seconds()
