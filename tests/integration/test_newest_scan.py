"""Delivery rule 2, on a real nats-server: the newest scan wins, and an end is an end."""

import asyncio

from events.ids import event_id
from events.orders import Orders
from events.standing import scans_of
from events.subjects import replay_subject
from events.types import (
    DeviceRecorded,
    Event,
    OnboardingDiscarded,
)
from tests.integration.rig import Rig, ready, record, recorded, until


async def test_a_superseded_scan_is_never_applied(rig: Rig) -> None:
    await rig.scan()
    newest = await rig.scan()
    seen = []

    async def do(event: Event, _orders: Orders) -> Event:
        seen.append(event.onboarding_id)
        return recorded(event)

    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    assert seen == [newest.onboarding_id]
    assert [e.onboarding_id for e in await rig.told(DeviceRecorded)] == [newest.onboarding_id]


async def test_a_scan_that_comes_while_an_older_one_is_acted_on_is_written_last(rig: Rig) -> None:
    written: list[object] = []
    newer: list[Event] = []

    async def do(event: Event, _orders: Orders) -> Event:
        if not newer:
            newer.append(await rig.scan())
        written.append(event.onboarding_id)
        return recorded(event)

    replica = await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: bool(newer))
    await until(lambda: rig.acked("netbox_sync"))
    assert written[-1] == newer[0].onboarding_id
    assert [e.onboarding_id for e in await rig.told(DeviceRecorded)] == [newer[0].onboarding_id]
    assert replica.readiness.ready


async def test_an_overtaken_step_sends_the_newest_its_event_once_more(rig: Rig) -> None:
    """The newer one's step is done already, by another replica, when the older one's write lands on top."""
    going, newest_done = asyncio.Event(), asyncio.Event()
    first = await rig.scan()
    written: list[object] = []

    async def slow(event: Event, _orders: Orders) -> Event:
        if event.onboarding_id == first.onboarding_id:
            going.set()
            await newest_done.wait()
        written.append(event.onboarding_id)
        return recorded(event)

    await rig.run(netbox_sync=slow)
    await going.wait()
    second = await rig.scan()
    await rig.run(netbox_sync=record)
    await until(lambda: _told_of(rig, second))
    newest_done.set()
    await until(lambda: rig.acked("netbox_sync"))
    again = await rig.stored("onboarding.replay.netbox_sync.>")
    assert [s.onboarding_id for s in again] == [str(second.onboarding_id)]
    assert again[0].headers["Nats-Msg-Id"].startswith(f"{event_id(second)}:netbox_sync:after:1:")
    assert [e.onboarding_id for e in await rig.told(DeviceRecorded)] == [second.onboarding_id]


async def _told_of(rig: Rig, scan: Event) -> bool:
    return scan.onboarding_id in [e.onboarding_id for e in await rig.told(DeviceRecorded)]


async def test_nothing_acts_for_a_discarded_onboarding(rig: Rig) -> None:
    scan = await rig.scan()
    await rig.publish(_discarded(scan))
    seen = []

    async def do(event: Event, _orders: Orders) -> Event:
        seen.append(event)
        return recorded(event)

    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    assert seen == []


async def test_what_was_stored_before_the_end_is_not_acted_on_after_it(rig: Rig) -> None:
    scan = await rig.scan()
    await rig.publish(ready(scan))
    seen = []

    async def do(event: Event, _orders: Orders) -> Event:
        seen.append(event)
        return recorded(event)

    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    assert seen == []


async def test_of_two_ends_the_first_counts(rig: Rig) -> None:
    scan = await rig.scan()
    await rig.publish(ready(scan))
    await rig.publish(_discarded(scan))
    seen = []

    async def do(event: Event, _orders: Orders) -> None:
        seen.append(event.name)

    await rig.run(netbox_status=do)
    await until(lambda: rig.acked("netbox_status"))
    assert seen == ["server-ready"]


async def test_nothing_acts_for_a_server_of_which_no_scan_stands_any_more(rig: Rig) -> None:
    scan = await rig.scan()
    handled: list[Event] = []

    async def do(event: Event, _orders: Orders) -> None:
        handled.append(event)

    await rig.publish(recorded(scan))
    await rig.stream.jetstream.purge_stream("ONBOARDING", subject=scans_of(scan.server))
    await rig.run(vault_writer=do)
    await until(lambda: rig.acked("vault_writer"))
    assert not handled
    assert not await rig.dead_letters()


def _discarded(scan: Event) -> OnboardingDiscarded:
    return OnboardingDiscarded(
        onboarding_id=scan.onboarding_id, server=scan.server, site=scan.site, by="op", reason="wrong rack"
    )


async def test_a_repair_acts_though_its_onboarding_became_ready_before_it_was_delivered(rig: Rig) -> None:
    handled: list[int] = []

    async def do(event: Event, _orders: Orders) -> Event:
        handled.append(1)
        return recorded(event)

    scan = await rig.scan()
    [stored] = await rig.stored()
    subject = replay_subject("netbox_sync", scan.site, scan.server)
    await rig.stream.publish(subject, stored.data, dict(stored.headers), id="repair")
    await rig.publish(ready(scan))
    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    assert handled == [1]
