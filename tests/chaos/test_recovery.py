"""Recovery is told by the stream's clock, whenever somebody looks."""

from datetime import UTC, datetime, timedelta

import pytest

from events.stored import Stored
from tests.chaos.points import PUBLISHES
from tests.chaos.record import ORDER, Record
from tests.chaos.recovery import flowing, until_it_flows

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


class Standing(Record):
    """A record of which everything was stored before the first look."""

    async def update(self) -> None:
        self.idle = True


def record_of(*seconds_after: float) -> Standing:
    """Every event of the chain at each of these times."""
    return Standing(
        {},
        [
            Stored(f"onboarding.{event}.site.server", 1, SINCE + timedelta(seconds=after), {}, b"")
            for after in seconds_after
            for event in ORDER
        ],
    )


@pytest.mark.timeout(10)
async def test_what_was_told_before_anybody_looked_counts() -> None:
    took = await until_it_flows(record_of(-1.0, 3.0, 4.0), SINCE)
    assert took == dict.fromkeys(PUBLISHES, 3.0)


def test_the_slowest_service_decides() -> None:
    slow = flowing("flows", {"intake": 1.0, "kea_sync": 20.1})
    assert (slow.good, slow.value) == (False, "20.1 s (at most 20): intake 1.0, kea_sync 20.1")
    assert flowing("flows", {"intake": 1.0, "kea_sync": 19.9}).good
