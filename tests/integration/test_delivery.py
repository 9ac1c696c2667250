"""Delivery rules 1, 3 and 8, each on a real nats-server."""

import asyncio
import json
from contextlib import suppress
from datetime import timedelta

import pytest

from events import connection
from events.ids import event_id
from events.orders import Orders
from events.types import (
    DeviceRecorded,
    Event,
    StepDelayed,
)
from tests.integration.rig import Rig, now, record, recorded, until


async def test_a_scan_is_acted_on_and_its_follow_on_stands_with_its_ids(rig: Rig) -> None:
    await rig.run(netbox_sync=record)
    scan = await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    [follow_on] = await rig.stored("onboarding.device-recorded.>")
    assert follow_on.subject == "onboarding.device-recorded.dcoa.dcoa-ra01u01"
    assert follow_on.headers["ce-id"] == follow_on.headers["Nats-Msg-Id"] == str(event_id(recorded(scan)))
    assert follow_on.headers["ce-outcome"] == "created"


async def test_one_servers_messages_are_handled_one_after_the_other(rig: Rig) -> None:
    in_hand: list[Event] = []
    overlap = asyncio.Event()

    async def do(event: Event, _orders: Orders) -> Event:
        in_hand.append(event)
        if len(in_hand) > 1:
            overlap.set()
        with suppress(TimeoutError):
            await asyncio.wait_for(overlap.wait(), 0.1)
        in_hand.remove(event)
        return recorded(event)

    scan = await rig.scan()
    for telling in "abc":
        await rig.send_again(scan, telling)
    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    assert not overlap.is_set()


async def test_a_step_beyond_its_deadline_is_handed_back(rig: Rig) -> None:
    rig.settings = rig.settings.model_copy(update={"deadline": 0.2})
    tries = []

    async def do(event: Event, _orders: Orders) -> Event:
        tries.append(1)
        if len(tries) == 1:
            await asyncio.Event().wait()
        return recorded(event)

    await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    [delayed] = await rig.told(StepDelayed)
    assert isinstance(delayed, StepDelayed)
    assert delayed.reason == "not done within 0.2 s"
    assert len(tries) == 2


async def test_what_is_in_hand_when_the_service_stops_is_handed_back_with_its_record(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "GRACE", 0.5)
    begun = asyncio.Barrier(rig.settings.concurrency + 1)

    async def do(_event: Event, _orders: Orders) -> Event:
        await begun.wait()
        await asyncio.Event().wait()
        raise AssertionError

    replica = await rig.run(netbox_sync=do)
    for number in range(rig.settings.concurrency):
        await rig.scan(f"dcoa-ra01u{number:02}")
    await begun.wait()
    await replica.stop()
    rig.replicas.remove(replica)
    reasons = [json.loads(each.data)["reason"] for each in await rig.attempts()]
    assert reasons == ["the service is stopping"] * rig.settings.concurrency
    assert await rig.told(StepDelayed) == []
    await rig.run(netbox_sync=record)
    await until(lambda: rig.acked("netbox_sync"))
    assert len(await rig.told(DeviceRecorded)) == rig.settings.concurrency


async def test_a_long_step_keeps_its_message(rig: Rig) -> None:
    tries = []

    async def do(event: Event, _orders: Orders) -> Event:
        tries.append(1)
        longer_than_the_ack_wait = now() + timedelta(seconds=rig.settings.ack_wait * 1.5)
        await until(lambda: now() > longer_than_the_ack_wait)
        return recorded(event)

    await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    assert len(tries) == 1
