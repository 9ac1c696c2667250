"""How long each service needs until it tells events again, by the stream's clock.

The stream's own times count, not when somebody looked: a look takes long on a machine that is busy, and
by then everything may be through.
"""

from collections.abc import Mapping
from datetime import datetime

from tests.chaos.figures import Figure
from tests.chaos.points import PUBLISHES
from tests.chaos.record import ORDER, Record, event_of
from tests.chaos.session import eventually

WITHIN = 20.0
GIVE_UP_AFTER = 60.0


async def until_it_flows(record: Record, since: datetime) -> Mapping[str, float]:
    """Seconds from then until each service has told each of its events again, by service.

    Every service must have had something to do then. One that tells nothing has the seconds waited for it.
    """

    async def all_flow() -> bool:
        await record.update()
        return len(_first_since(record, since)) == len(ORDER)

    await eventually(all_flow, GIVE_UP_AFTER)
    first = _first_since(record, since)
    return {
        service: max(first.get(event, GIVE_UP_AFTER) for event in events if event in ORDER)
        for service, events in PUBLISHES.items()
    }


def flowing(name: str, seconds: Mapping[str, float]) -> Figure:
    """The slowest service's time, which is bounded, and each one's."""
    slowest = max(seconds.values())
    each = ", ".join(f"{service} {took:.1f}" for service, took in seconds.items())
    return Figure(name, f"{slowest:.1f} s (at most {WITHIN:.0f}): {each}", slowest <= WITHIN)


def _first_since(record: Record, since: datetime) -> dict[str, float]:
    """By event: how many seconds after this its first one was stored."""
    first: dict[str, float] = {}
    for stored in record.messages:
        after = (stored.time - since).total_seconds()
        if after > 0 and event_of(stored) in ORDER:
            first.setdefault(event_of(stored), after)
    return first
