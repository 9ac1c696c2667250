"""Ids: the same fact has the same, another fact another."""

import time
from uuid import RFC_4122

import pytest

from events.asyncapi.examples import EXAMPLES
from events.ids import event_id, new_onboarding_id, revision_id
from events.types import Event, Outcome
from tests.unit.events.samples import EVERY_EVENT, name_of

RECORDED = EXAMPLES["device-recorded"]
MOVED = RECORDED.model_copy(update={"bmc_ip": "10.16.28.79"})


def test_an_onboarding_id_is_a_uuid_of_version_7() -> None:
    ids = [new_onboarding_id() for _ in range(100)]
    assert {(id.version, id.variant) for id in ids} == {(7, RFC_4122)}


def test_an_onboarding_id_begins_with_the_milliseconds_of_its_making() -> None:
    before = time.time_ns() // 1_000_000
    made = new_onboarding_id().int >> 80
    assert before <= made <= time.time_ns() // 1_000_000


def test_onboarding_ids_made_at_once_differ() -> None:
    assert len({new_onboarding_id() for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize("event", EVERY_EVENT, ids=name_of)
def test_the_same_fact_has_the_same_id_however_often_it_is_told(event: Event) -> None:
    assert event_id(event) == event_id(type(event).model_validate_json(event.model_dump_json()))


def test_each_event_of_an_onboarding_has_an_id_of_its_own() -> None:
    assert len({event_id(event) for event in EVERY_EVENT}) == len(EVERY_EVENT)


def test_another_onboarding_has_other_ids() -> None:
    other = RECORDED.model_copy(update={"onboarding_id": new_onboarding_id()})
    assert event_id(other) != event_id(RECORDED)


@pytest.mark.parametrize("name", ["step-delayed", "step-failed"])
@pytest.mark.parametrize("change", [{"step": "vault_writer"}, {"attempt": 99}])
def test_each_trouble_of_each_step_has_an_id_of_its_own(name: str, change: dict[str, object]) -> None:
    event = EXAMPLES[name]
    assert event_id(event.model_copy(update=change)) != event_id(event)


@pytest.mark.parametrize("name", ["step-delayed", "step-failed"])
def test_the_trouble_of_a_replay_is_told_apart_from_the_firsts(name: str) -> None:
    event = EXAMPLES[name]
    assert len({event_id(event, telling=telling) for telling in (0, 12, 13)}) == 3


def test_a_revision_has_another_id_than_what_it_revises() -> None:
    assert revision_id(MOVED, revises=12) != event_id(RECORDED)


def test_revisions_of_different_content_have_different_ids() -> None:
    again = RECORDED.model_copy(update={"bmc_ip": "10.16.28.80"})
    assert revision_id(MOVED, revises=12) != revision_id(again, revises=12)


def test_a_fact_that_comes_true_again_has_another_id_than_before() -> None:
    assert revision_id(MOVED, revises=12) != revision_id(MOVED, revises=40)


def test_a_revision_told_twice_has_one_id_whatever_its_outcome() -> None:
    again = MOVED.model_copy(update={"outcome": Outcome.UNCHANGED, "reason": "as it was"})
    assert revision_id(again, revises=12) == revision_id(MOVED, revises=12)
