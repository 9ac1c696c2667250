"""The verdict on one host, by table."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from metal3_sync.handler import FoundHost
from metal3_sync.watch.judge import Delayed, Failed, Look, Ready, Rules, Waiting, judge

from .samples import NOON, SECRET, host, status_with

RULES = Rules("available", registering=7200, inspecting=3600)
GOOD: dict[str, Any] = {"goodCredentials": {"credentials": {"name": SECRET}, "credentialsVersion": "7"}}
WRONG = "Failed to get power state. Incorrect username or password"
MINUTE = timedelta(minutes=1)


def look(
    found: FoundHost | None, version: str | None = "7", *, after: timedelta = MINUTE, **more: Any
) -> Look:
    secret = (SECRET, version) if version else None
    return Look(found, secret, **{"since": NOON, "now": NOON + after, **more})


def good(state: str, **fields: Any) -> FoundHost:
    return host(status=status_with(state, **GOOD, **fields))


def registering(**fields: Any) -> FoundHost:
    return host(status=status_with("registering", **fields))


def in_trouble(**fields: Any) -> FoundHost:
    error = {"operationalStatus": "error", "errorType": "registration error", "errorMessage": WRONG}
    return registering(**{**error, **fields})


def stamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("state", ["available", "provisioning", "provisioned", "externally provisioned"])
def test_a_usable_host_with_proven_credentials_is_ready(state: str) -> None:
    assert judge(look(good(state)), RULES) == Ready(state)


@pytest.mark.parametrize(
    ("found", "version"),
    [
        (good("registering"), "7"),
        (good("inspecting"), "7"),
        (good("preparing"), "7"),
        (good("deprovisioning"), "7"),
        (good("available"), "8"),
        (good("available"), None),
        (host(status=status_with("available")), "7"),
        (host(status=status_with("available")), None),
        (good("available", operationalStatus="detached"), "7"),
        (good("available", operationalStatus="servicing"), "7"),
        (host(status=good("available").status, deleting=True), "7"),
        (host(""), "7"),
    ],
)
def test_anything_less_is_waited_for(found: FoundHost, version: str | None) -> None:
    assert isinstance(judge(look(found, version), RULES), Waiting)


def test_credentials_of_another_secret_prove_nothing() -> None:
    other: dict[str, Any] = {
        "goodCredentials": {"credentials": {"name": "another"}, "credentialsVersion": "7"}
    }
    assert isinstance(judge(look(host(status=status_with(**other))), RULES), Waiting)


@pytest.mark.parametrize("status", ["error", "OK"])
def test_a_usable_host_with_an_error_is_delayed(status: str) -> None:
    found = good(
        "available", operationalStatus=status, errorType="power management error", errorMessage="off"
    )
    assert isinstance(judge(look(found), RULES), Delayed)


def test_an_enrolled_host_is_ready_at_once_where_that_is_enough() -> None:
    rules = Rules("enrolled", 7200, 3600)
    assert judge(look(None, None), rules) == Ready("enrolled")


def test_trouble_is_told_in_metal3s_own_words() -> None:
    found = in_trouble(errorCount=3, lastUpdated=stamp(NOON))
    judgement = judge(look(found), RULES)
    assert judgement == Delayed(WRONG, NOON + timedelta(minutes=8), NOON + timedelta(hours=2))


def test_trouble_that_metal3_has_no_words_for_is_told_by_its_type() -> None:
    judgement = judge(look(in_trouble(errorMessage="")), RULES)
    assert isinstance(judgement, Delayed)
    assert judgement.reason == "registration error"


def test_the_next_attempt_is_never_past() -> None:
    judgement = judge(look(in_trouble(lastUpdated=stamp(NOON)), after=timedelta(hours=1)), RULES)
    assert isinstance(judgement, Delayed)
    assert judgement.next_attempt_at == NOON + timedelta(hours=1)


def test_a_host_that_metal3_has_no_slot_for_has_all_the_time() -> None:
    found = host(status=status_with("inspecting", operationalStatus="delayed"))
    assert judge(look(found, after=timedelta(days=2)), RULES) == Waiting(None)


def test_a_host_that_is_gone_is_told() -> None:
    judgement = judge(look(None), RULES)
    assert isinstance(judgement, Delayed)
    assert "replay metal3_sync" in judgement.reason


@pytest.mark.parametrize(
    ("found", "hours"),
    [
        (in_trouble(), 2.0),
        (host(""), 2.0),
        (registering(), 2.0),
        (host(status=status_with("unmanaged")), 2.0),
        (good("available", operationalStatus="detached"), 2.0),
        (host(status=status_with("inspecting")), 1.0),
        (host(status=status_with("preparing")), 1.0),
        (None, 2.0),
    ],
)
def test_each_phase_is_given_up_at_its_deadline_and_not_before(found: FoundHost | None, hours: float) -> None:
    deadline = timedelta(hours=hours)
    assert not isinstance(judge(look(found, None, after=deadline - MINUTE), RULES), Failed)
    assert isinstance(judge(look(found, None, after=deadline), RULES), Failed)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (in_trouble(), WRONG),
        (host(""), "is its operator running"),
        (None, "the BareMetalHost is gone"),
        (host(status=good("available").status, deleting=True), "is being deleted"),
        (good("available", operationalStatus="detached"), "remove the annotation that detaches it"),
        (host(status=status_with("inspecting")), "still inspecting (OK)"),
        (host(status=status_with("preparing", operationalStatus="")), "(no operational status)"),
    ],
)
def test_a_failure_says_what_was_the_matter(found: FoundHost, said: str) -> None:
    judgement = judge(look(found, None, after=timedelta(days=1)), RULES)
    assert isinstance(judgement, Failed)
    assert said in judgement.reason


BEGUN_AGAIN = {"start": stamp(NOON + timedelta(hours=5)), "end": stamp(NOON + timedelta(hours=1))}


@pytest.mark.parametrize(
    ("state", "history", "hours"),
    [
        ("registering", {"register": {"start": stamp(NOON + timedelta(hours=5)), "end": None}}, 7),
        ("inspecting", {"inspect": {"start": stamp(NOON + timedelta(hours=5)), "end": None}}, 6),
        ("preparing", {"inspect": {"start": stamp(NOON), "end": stamp(NOON + timedelta(hours=5))}}, 6),
        ("available", {"register": {"start": stamp(NOON + timedelta(hours=5)), "end": None}}, 7),
        ("registering", {"register": {"start": stamp(NOON - timedelta(days=9)), "end": None}}, 2),
        ("registering", {"register": BEGUN_AGAIN}, 7),
        ("inspecting", {"inspect": BEGUN_AGAIN}, 6),
        ("inspecting", {"inspect": {"start": None, "end": None}}, 1),
    ],
)
def test_the_deadline_runs_from_the_latest_of_phase_and_onboarding(
    state: str, history: Any, hours: int
) -> None:
    found = host(status=status_with(state, operationHistory=history))
    judgement = judge(look(found), RULES)
    assert isinstance(judgement, Waiting)
    assert judgement.until == NOON + timedelta(hours=hours)
