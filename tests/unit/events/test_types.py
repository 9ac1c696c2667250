"""The events: frozen facts that an older reader still reads."""

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from events.asyncapi.examples import EXAMPLES
from events.types import EVENTS, Event, Outcome, StepCompleted
from tests.unit.events.samples import EVERY_EVENT, name_of

LATER = datetime(2030, 1, 1, tzinfo=UTC)


def test_every_event_has_an_example() -> None:
    assert EXAMPLES.keys() == EVENTS.keys()


@pytest.mark.parametrize("event", EVERY_EVENT, ids=name_of)
def test_an_event_comes_back_from_json_as_it_was(event: Event) -> None:
    assert type(event).model_validate_json(event.model_dump_json()) == event


@pytest.mark.parametrize("event", EVERY_EVENT, ids=name_of)
def test_an_event_does_not_change(event: Event) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        event.__setattr__("server", "another")


@pytest.mark.parametrize("event", EVERY_EVENT, ids=name_of)
def test_fields_of_a_newer_version_are_passed_over(event: Event) -> None:
    newer = {**json.loads(event.model_dump_json()), "power_feed": "B"}
    assert type(event).model_validate(newer) == event


def test_fields_of_a_newer_registration_are_passed_over() -> None:
    scanned = EXAMPLES["server-scanned"]
    newer = json.loads(scanned.model_dump_json())
    newer["registration"]["power_feed"] = "B"
    assert type(scanned).model_validate(newer) == scanned


@pytest.mark.parametrize("name", [name for name, e in EXAMPLES.items() if isinstance(e, StepCompleted)])
def test_outcome_reason_and_warnings_are_no_content_of_a_step_event(name: str) -> None:
    event = EXAMPLES[name]
    told = {"outcome": Outcome.UNCHANGED, "reason": "as it was", "warnings": ("late",)}
    assert event.model_copy(update=told).content() == event.content()


@pytest.mark.parametrize(
    ("name", "time"), [("server-scanned", "scanned_at"), ("step-delayed", "next_attempt_at")]
)
def test_times_are_no_content(name: str, time: str) -> None:
    event = EXAMPLES[name]
    assert event.model_copy(update={time: LATER}).content() == event.content()


def test_another_address_is_another_content() -> None:
    event = EXAMPLES["device-recorded"]
    assert event.model_copy(update={"bmc_ip": "10.16.28.79"}).content() != event.content()


@pytest.mark.parametrize(
    "name", [name for name in EXAMPLES if name not in ("server-scanned", "device-recorded")]
)
def test_from_the_stored_credentials_on_no_event_carries_the_sealed_password(name: str) -> None:
    assert "sealed_password" not in EXAMPLES[name].model_dump()
