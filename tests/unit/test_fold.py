"""A server's state from its events: told by table."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from events.asyncapi.chain import publishers
from events.envelope import encode
from events.fold import advance, fold
from events.ids import event_id
from events.status import ServerStatus
from events.stored import Stored
from events.subjects import event_subject
from events.types import (
    AddressReserved,
    CredentialsStored,
    DeviceRecorded,
    Event,
    HostEnrolled,
    OnboardingDiscarded,
    ServerIncomplete,
    ServerReady,
    ServerScanned,
    StepDelayed,
    StepFailed,
)

OLD, NEW = UUID(int=1), UUID(int=2)
START = datetime(2026, 1, 1, tzinfo=UTC)
HOST = {"namespace": "metal3", "name": "s1"}
SECRET = {"mount": "onramp", "path": "bmc/s1", "version": 1}


def event(kind: type[Event], onboarding: UUID = NEW, **fields: Any) -> Event:
    common = {"onboarding_id": onboarding, "server": "s1", "site": "dcoa"}
    registration = {"registration": {"bmc_mac": "3c:ec:ef:a1:9c:e8"}, "sealed_password": "x"}
    done = {"outcome": "created", "reason": f"{kind.name} done", "credentials": SECRET, "host": HOST}
    return kind.model_validate({**common, **registration, **done, "state": "available", **fields})


def delayed(step: str, **fields: Any) -> Event:
    return event(StepDelayed, step=step, reason="away", attempt=3, next_attempt_at=START, **fields)


def failed(step: str, **fields: Any) -> Event:
    told = {"error_type": "Refuse", "attempt": 1, "dead_letter": f"dead.{step}.dcoa.s1.4", "culprit": "s2"}
    return event(StepFailed, step=step, **{"reason": "held by s2", **told, **fields})


def stored(told: Event, sequence: int, source: str | None = None) -> Stored:
    headers, data = encode(told, id=event_id(told), source=source or publishers(type(told))[0])
    subject = event_subject(told.name, told.site, told.server)
    return Stored(subject, sequence, START + timedelta(seconds=sequence), headers, data)


def folded(*events: Event) -> ServerStatus:
    """All of them in order; the last of each subject, in any order, must say the same."""
    messages = [stored(told, sequence) for sequence, told in enumerate(events, 1)]
    last = {message.subject: message for message in messages}
    whole, lasts = fold(messages), fold(reversed(list(last.values())))
    assert whole is not None
    assert whole == lasts
    return whole


def states(status: ServerStatus) -> str:
    return " ".join(step.state for step in status.steps)


SCAN = event(ServerScanned)
CHAIN = [SCAN, event(DeviceRecorded), event(CredentialsStored), event(AddressReserved), event(HostEnrolled)]
READY = event(ServerReady)
INCOMPLETE = event(ServerIncomplete, missing=("bmc_ip",), reason="no BMC address")
DISCARDED = event(OnboardingDiscarded, by="anna", reason="broken")


@pytest.mark.parametrize(
    ("told", "state", "steps"),
    [
        (CHAIN[:1], "in-progress", "waiting waiting waiting waiting"),
        (CHAIN[:2], "in-progress", "done waiting waiting waiting"),
        (CHAIN, "in-progress", "done done done done"),
        ([*CHAIN, READY], "ready", "done done done done"),
        ([*CHAIN[:2], delayed("vault_writer")], "delayed", "done delayed waiting waiting"),
        ([*CHAIN[:2], failed("vault_writer")], "failed", "done failed waiting waiting"),
        (
            [*CHAIN[:2], delayed("vault_writer"), failed("vault_writer")],
            "failed",
            "done failed waiting waiting",
        ),
        (
            [*CHAIN[:2], failed("vault_writer"), delayed("vault_writer")],
            "delayed",
            "done delayed waiting waiting",
        ),
        ([*CHAIN[:2], failed("vault_writer"), CHAIN[2]], "in-progress", "done done waiting waiting"),
        ([*CHAIN, delayed("metal3_sync")], "delayed", "done done done delayed"),
        ([*CHAIN, failed("metal3_sync"), READY], "ready", "done done done done"),
        ([*CHAIN, READY, failed("netbox_sync")], "ready", "failed done done done"),
        ([*CHAIN, READY, failed("netbox_status")], "ready", "done done done done failed"),
        ([SCAN, failed("netbox_sync"), DISCARDED], "discarded", "failed waiting waiting waiting"),
        ([SCAN, DISCARDED, INCOMPLETE], "discarded", "waiting waiting waiting waiting"),
        ([*CHAIN, READY, DISCARDED], "ready", "done done done done"),
        (
            [
                SCAN,
                event(DeviceRecorded, outcome="skipped", reason="rack missing"),
                *CHAIN[2:3],
                event(AddressReserved, outcome="skipped", reason="no BMC address"),
                INCOMPLETE,
            ],
            "incomplete",
            "skipped done skipped skipped",
        ),
    ],
)
def test_the_state_of_a_server_and_of_each_step(told: list[Event], state: str, steps: str) -> None:
    status = folded(*told)
    assert (status.state, states(status)) == (state, steps)


@pytest.mark.parametrize(
    ("told", "settled"),
    [(CHAIN, False), ([*CHAIN, READY], True), ([SCAN, delayed("netbox_sync")], False)]
    + [([SCAN, end], True) for end in (INCOMPLETE, DISCARDED, failed("netbox_sync"))],
)
def test_settled_means_ended_or_failed(told: list[Event], settled: bool) -> None:
    assert folded(*told).settled is settled


def test_only_the_newest_scans_onboarding_counts() -> None:
    old = [event(kind, OLD) for kind in (ServerScanned, DeviceRecorded, CredentialsStored)]
    status = folded(*old, SCAN, event(ServerReady, OLD))
    assert (status.onboarding_id, status.state) == (NEW, "in-progress")
    assert states(status) == "waiting waiting waiting waiting"


def test_a_step_says_its_outcome_and_reason() -> None:
    [netbox, *_] = folded(SCAN, event(DeviceRecorded, outcome="changed", warnings=["slow"])).steps
    assert (netbox.outcome, netbox.reason, netbox.warnings) == ("changed", "device-recorded done", ("slow",))


def test_a_failure_names_its_culprit_and_its_dead_letter() -> None:
    [netbox, *_] = folded(SCAN, failed("netbox_sync")).steps
    assert (netbox.reason, netbox.culprit) == ("held by s2", "s2")
    assert netbox.dead_letter == "dead.netbox_sync.dcoa.s1.4"


def test_a_step_in_trouble_after_its_event_keeps_the_outcome() -> None:
    metal3 = folded(*CHAIN, delayed("metal3_sync")).steps[-1]
    assert (metal3.state, metal3.outcome, metal3.attempt) == ("delayed", "created", 3)


def test_without_a_scan_there_is_no_server() -> None:
    assert fold([stored(CHAIN[1], 1)]) is None


def test_a_message_folded_in_before_changes_nothing() -> None:
    messages = [stored(told, sequence) for sequence, told in enumerate(CHAIN, 1)]
    status = fold(messages)
    assert advance(status, messages[0]) == status


def test_the_event_of_a_step_put_in_later_counts_for_the_service_that_told_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ONRAMP_WIRING", '{"bmc_probe": "address-reserved", "metal3_sync": "bmc-proved"}')
    proved = stored(event(AddressReserved), 5, source="bmc_probe")
    status = fold(
        [stored(SCAN, 1), Stored("onboarding.bmc-proved.dcoa.s1", 5, START, proved.headers, proved.data)]
    )
    assert status is not None
    assert {step.step: step.state for step in status.steps}["bmc_probe"] == "done"


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"outcome": "lost"}'])
def test_a_message_that_cant_be_read_is_passed_over(data: bytes) -> None:
    broken = stored(CHAIN[1], 2)
    messages: Iterable[Stored] = [
        stored(SCAN, 1),
        Stored(broken.subject, 2, broken.time, broken.headers, data),
    ]
    status = fold(messages)
    assert status is not None
    assert status.sequence == 1
