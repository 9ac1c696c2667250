"""How long the others take is told from their scan on, and may be twice the usual at most."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.ids import new_onboarding_id
from events.stored import Stored
from tests.chaos.others import beside, p99, seconds_until
from tests.chaos.phones import Sent
from tests.chaos.record import Record


def told(id: UUID, event: str, after: float) -> Stored:
    scanned_at = datetime.fromtimestamp((id.int >> 80) / 1000, UTC)
    headers = {"ce-onboardingid": str(id)}
    return Stored(f"onboarding.{event}.s.x", 1, scanned_at + timedelta(seconds=after), headers, b"")


def test_the_first_event_of_those_that_are_asked_for_counts() -> None:
    asked, another, waiting = new_onboarding_id(), new_onboarding_id(), new_onboarding_id()
    messages = [
        told(asked, "server-scanned", 0.5),
        told(asked, "device-recorded", 2.0),
        told(asked, "device-recorded", 9.0),
        told(another, "device-recorded", 5.0),
    ]
    sent = [Sent({}, asked), Sent({}, waiting)]
    assert [round(took, 3) for took in seconds_until("device-recorded", sent, Record({}, messages))] == [2.0]


def test_one_in_a_hundred_may_take_longer_than_the_p99() -> None:
    assert p99([*range(100), 1000]) == 99
    assert p99([3.0]) == 3.0


def test_twice_the_usual_is_good_and_more_is_not() -> None:
    assert beside("others", 4.0, 2.0).good
    assert not beside("others", 4.1, 2.0).good
    assert beside("others", 0.9, 0.1).good
