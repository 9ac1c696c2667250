"""Deliveries and events that the tests of the contract start from."""

from nats.aio.client import Client
from nats.aio.msg import Msg

from events.arrival import Arrival
from events.asyncapi.examples import EXAMPLES
from events.types import Event

SERVER = "dcoa-rb06u31"

EVERY_EVENT = [*EXAMPLES.values()]


def name_of(event: Event) -> str:
    """For the ids of parametrized tests."""
    return event.name


def arrival(
    *,
    deliveries: int = 1,
    sequence: int = 7,
    subject: str = f"onboarding.server-scanned.dcoa.{SERVER}",
    headers: dict[str, str] | None = None,
) -> Arrival:
    """A delivery as nats-server words it in the reply subject."""
    stored_at = 1_772_440_200 * 10**9
    reply = f"$JS.ACK.ONBOARDING.netbox_sync.{deliveries}.{sequence}.{sequence}.{stored_at}.0"
    return Arrival.of(Msg(_client=Client(), subject=subject, reply=reply, data=b"{}", headers=headers))
