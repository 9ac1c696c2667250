"""Delivery rule 6, on a real nats-server: what is given up is kept whole, with its reason."""

import json

import pytest

from events import delivery, endings
from events.arrival import ORIGINAL_SEQUENCE
from events.dead_letters import DeadLetters
from events.envelope import encode
from events.errors import Refuse
from events.ids import event_id
from events.orders import Orders
from events.store_errors import Full
from events.subjects import replay_subject
from events.types import (
    DeviceRecorded,
    Event,
    StepFailed,
)
from tests.integration.rig import Rig, record, recorded, until


async def test_a_refusal_is_a_dead_letter_with_its_culprit_and_the_whole_message(rig: Rig) -> None:
    async def do(_event: Event, _orders: Orders) -> Event:
        raise Refuse("RB06 U31 is held by dcoa-rb06u31-old", culprit="dcoa-rb06u31-old")

    await rig.run(netbox_sync=do)
    scan = await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    [letter] = await rig.dead_letters()
    assert letter.stored.subject == "dead.netbox_sync.dcoa.dcoa-ra01u01.1"
    assert letter.failure.culprit == "dcoa-rb06u31-old"
    assert letter.failure.reason == "RB06 U31 is held by dcoa-rb06u31-old"
    assert letter.stored.decoded().event == scan
    [failed] = await rig.told(StepFailed)
    assert isinstance(failed, StepFailed)
    assert failed.dead_letter == letter.stored.subject


async def test_a_revision_that_is_refused_is_told_like_the_event_before_it(rig: Rig) -> None:
    async def refuse(_event: Event, _orders: Orders) -> Event:
        raise Refuse("no prefix holds it")

    await rig.run(vault_writer=refuse)
    scan = await rig.scan()
    first = await rig.publish(recorded(scan, ip="10.16.28.1"))
    await until(lambda: _failed(rig, 1))
    headers, data = encode(recorded(scan, ip="10.16.28.2"), id=scan.onboarding_id, source="test")
    subject = "onboarding.device-recorded.dcoa.dcoa-ra01u01"
    revision, _ = await rig.stream.publish(subject, data, headers, id="revision")
    await until(lambda: _failed(rig, 2))
    letters = [f"dead.vault_writer.dcoa.dcoa-ra01u01.{sequence}" for sequence in (first, revision)]
    assert [getattr(each, "dead_letter", "") for each in await rig.told(StepFailed)] == letters


async def _failed(rig: Rig, times: int) -> bool:
    return len(await rig.told(StepFailed)) == times


async def test_a_message_whose_own_sequence_cannot_be_read_is_a_dead_letter(rig: Rig) -> None:
    await rig.run(netbox_sync=record)
    scan = await rig.scan()
    headers, data = encode(scan, id=event_id(scan), source="test")
    subject = replay_subject("netbox_sync", scan.site, scan.server)
    await rig.stream.publish(subject, data, {**headers, ORIGINAL_SEQUENCE: "the first"}, id="odd")
    await until(lambda: rig.acked("netbox_sync"))
    [failed] = await rig.told(StepFailed)
    assert isinstance(failed, StepFailed)
    assert failed.reason == "the event's own sequence can't be read"


async def test_a_message_of_which_the_record_cannot_be_read_comes_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(delivery, "OPERATOR_DELAY", 0.2)
    bucket = await rig.stream.jetstream.key_value("ATTEMPTS")

    async def do(event: Event, _orders: Orders) -> Event:
        await bucket.put("netbox_sync.1", b"no record")
        raise ConnectionError

    async def delivered(times: int) -> bool:
        info = await rig.stream.jetstream._jsm.consumer_info("ONBOARDING", "netbox_sync")
        return info.delivered is not None and info.delivered.consumer_seq >= times

    spoiling = await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: delivered(1))
    await spoiling.stop()
    rig.replicas.remove(spoiling)
    await bucket.put("netbox_sync.1", b"no record")
    await rig.run(netbox_sync=record)
    await until(lambda: delivered(4))
    await bucket.delete("netbox_sync.1")
    await until(lambda: rig.acked("netbox_sync"))
    assert len(await rig.told(DeviceRecorded)) == 1
    assert "what is known of the message can't be read" in capsys.readouterr().out


async def test_a_message_that_is_no_event_is_a_dead_letter_under_its_subjects_server(rig: Rig) -> None:
    await rig.stream.publish("onboarding.server-scanned.dcoa.some-server", b"\xff{", {}, id="poison")
    await rig.run(netbox_sync=record)
    await until(lambda: rig.acked("netbox_sync"))
    [letter] = await rig.dead_letters()
    assert (letter.server, letter.stored.data) == ("some-server", b"\xff{")
    assert await rig.told(StepFailed) == []


async def test_an_event_on_another_servers_subject_is_a_dead_letter_and_is_not_acted_on(rig: Rig) -> None:
    scan = await rig.scan()
    [stored] = await rig.stored()
    await rig.stream.publish(
        "onboarding.server-scanned.dcoa.other", stored.data, stored.headers, id="strayed"
    )
    handled: list[Event] = []

    async def do(event: Event, _orders: Orders) -> Event:
        handled.append(event)
        return recorded(event)

    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    [letter] = await rig.dead_letters()
    assert letter.failure.reason == f"the event is of {scan.server}, its subject of other"
    assert handled == [scan]


async def test_an_event_of_another_type_on_a_steps_subject_is_a_dead_letter_and_is_not_acted_on(
    rig: Rig,
) -> None:
    scan = await rig.scan()
    handled: list[Event] = []

    async def do(event: Event, _orders: Orders) -> Event:
        handled.append(event)
        return recorded(event)

    await rig.publish(recorded(scan))
    [told] = await rig.stored("onboarding.device-recorded.>")
    await rig.stream.publish(
        replay_subject("netbox_sync", "dcoa", scan.server), told.data, told.headers, id="x"
    )
    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    [letter] = await rig.dead_letters()
    assert letter.failure.reason == "netbox_sync takes ServerScanned, not DeviceRecorded"
    assert handled == [scan]


async def test_a_full_dead_letter_stream_is_waited_for(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    info = await rig.stream.jetstream._jsm.stream_info("DEAD_LETTERS")
    info.config.max_msgs = 1
    await rig.stream.jetstream._jsm.update_stream(info.config)
    await rig.stream.client.publish("dead.x.y.z.1", b"")

    async def do(_event: Event, _orders: Orders) -> Event:
        raise Refuse("no")

    monkeypatch.setattr(endings, "OPERATOR_DELAY", 0.2)
    replica = await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: "DEAD_LETTERS is full" in replica.readiness.results["consumer netbox_sync"])
    info.config.max_msgs = -1
    await rig.stream.jetstream._jsm.update_stream(info.config)
    await until(lambda: rig.acked("netbox_sync"))
    assert len(await rig.stored("dead.netbox_sync.>", "DEAD_LETTERS")) == 1
    await until(lambda: not replica.readiness.results["consumer netbox_sync"])


async def test_a_full_dead_letter_stream_is_waited_for_though_the_message_may_be_dropped_meanwhile(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = await rig.stream.jetstream._jsm.stream_info("ONBOARDING")
    await rig.stream.jetstream._jsm.update_stream(info.config.evolve(max_age=3600))
    monkeypatch.setattr(endings, "OPERATOR_DELAY", 3400.0)

    async def refuse(_event: Event, _orders: Orders) -> Event:
        raise Refuse("wrong rack")

    async def full(*_: object) -> str:
        raise Full("DEAD_LETTERS is full")

    async def waits() -> bool:
        return [json.loads(record.data)["reason"] for record in await rig.attempts()] == ["wrong rack"]

    monkeypatch.setattr(DeadLetters, "put", full)
    await rig.run(netbox_sync=refuse)
    await rig.scan()
    await until(waits)
