"""The wiring of the chain."""

import pytest

from events.steps import WAITS_FOR, steps
from events.types import EVENTS


@pytest.fixture(autouse=True)
def _as_delivered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ONRAMP_WIRING", raising=False)


def test_every_step_waits_for_an_event_of_the_contract() -> None:
    assert set(WAITS_FOR.values()) <= EVENTS.keys()


def test_a_step_follows_its_event_and_its_own_private_subject() -> None:
    assert steps()["kea_sync"].filter_subjects == [
        "onboarding.credentials-stored.*.*",
        "onboarding.replay.kea_sync.*.*",
    ]


def test_a_step_is_put_in_by_saying_what_it_and_the_next_one_wait_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wiring = '{"bmc_probe": "address-reserved", "metal3_sync": "bmc-proved"}'
    monkeypatch.setenv("ONRAMP_WIRING", wiring)
    assert steps()["bmc_probe"].waits_for == "address-reserved"
    assert steps()["metal3_sync"].waits_for == "bmc-proved"
    assert steps()["kea_sync"].waits_for == "credentials-stored"


def test_an_empty_wiring_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRAMP_WIRING", "")
    assert {name: step.waits_for for name, step in steps().items()} == WAITS_FOR
