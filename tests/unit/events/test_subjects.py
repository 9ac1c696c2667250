"""Subjects: made in one place, and read back there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.subjects import (
    Address,
    dead_letter_subject,
    event_of_any_site,
    event_subject,
    operation_subject,
    parse,
    replay_subject,
)
from events.types import EVENTS

tokens = st.from_regex(r"[a-z0-9_-]+", fullmatch=True)


@given(st.sampled_from(sorted(EVENTS)), tokens, tokens)
def test_the_subject_of_an_event_says_event_site_and_server(event: str, site: str, server: str) -> None:
    assert parse(event_subject(event, site, server)) == Address(event, site, server)


@given(tokens, tokens, tokens)
def test_a_private_subject_says_whose_it_is(step: str, site: str, server: str) -> None:
    assert parse(replay_subject(step, site, server)) == Address(None, site, server, replay_of=step)


def test_an_event_and_a_replay_differ_in_length_so_that_no_projection_takes_one_for_the_other() -> None:
    assert len(event_subject("server-scanned", "_", "a").split(".")) == 4
    assert len(replay_subject("netbox_sync", "_", "a").split(".")) == 5


def test_a_server_is_found_under_whatever_site() -> None:
    assert event_of_any_site("server-scanned", "a") == "onboarding.server-scanned.*.a"


def test_a_dead_letter_holds_the_sequence_of_the_message_that_failed() -> None:
    assert dead_letter_subject("kea_sync", "dcoa", "a", 42) == "dead.kea_sync.dcoa.a.42"


def test_what_operators_did_is_found_by_verb() -> None:
    assert operation_subject("replay", "a") == "operations.replay.a"


@pytest.mark.parametrize(
    "subject", ["", "onboarding", "onboarding.a.b", "onboarding.a.b.c.d", "dead.a.b.c", "orders.a.b.c"]
)
def test_any_other_subject_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="no subject of an onboarding"):
        parse(subject)
