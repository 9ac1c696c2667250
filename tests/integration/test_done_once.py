"""Delivery rule 4, on a real nats-server: done twice, told once; and what is looked back for."""

from typing import Any

import pytest

from events import delivery
from events.envelope import encode
from events.errors import Refuse, Retry
from events.orders import Orders
from events.publishing import Publisher
from events.standing import scans_of
from events.store_errors import Overtaken
from events.stream import Expected
from events.types import (
    DeviceRecorded,
    Event,
    Outcome,
)
from tests.integration.rig import Rig, ready, recorded, until


async def test_a_message_that_was_handled_before_publishes_nothing_again(rig: Rig) -> None:
    scan = await rig.scan()
    await rig.publish(recorded(scan, Outcome.CREATED))
    await rig.send_again(scan, "a")
    outcomes = []

    async def do(event: Event, _orders: Orders) -> Event:
        outcomes.append("acted")
        return recorded(event, Outcome.UNCHANGED)

    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    assert outcomes == ["acted", "acted"]
    assert [e.outcome for e in await rig.told(DeviceRecorded) if isinstance(e, DeviceRecorded)] == ["created"]


async def test_an_event_that_is_sent_again_after_the_duplicate_window_is_not_followed_again(rig: Rig) -> None:
    info = await rig.stream.jetstream._jsm.stream_info("ONBOARDING")
    await rig.stream.jetstream._jsm.update_stream(info.config.evolve(duplicate_window=0.2))
    handled: list[Event] = []

    async def do(event: Event, _orders: Orders) -> Event:
        handled.append(event)
        return recorded(event)

    async def window_is_over() -> bool:
        return await rig.publish(ready(scan)) > end

    await rig.run(netbox_sync=do)
    scan = await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    end = await rig.publish(ready(scan))
    await until(window_is_over)
    await rig.publish(scan)
    await until(lambda: len(handled) == 2)
    await until(lambda: rig.acked("netbox_sync"))
    assert len(await rig.told(DeviceRecorded)) == 1


async def test_another_content_is_told_as_a_revision(rig: Rig) -> None:
    scan = await rig.scan()
    await rig.publish(recorded(scan, ip="10.16.28.1"))

    async def do(event: Event, _orders: Orders) -> Event:
        return recorded(event, ip="10.16.28.2")

    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    told = await rig.stored("onboarding.device-recorded.>")
    assert [str(getattr(s.decoded().event, "bmc_ip", "")) for s in told] == ["10.16.28.1", "10.16.28.2"]
    assert len({s.id for s in told}) == 2


async def test_a_fact_that_comes_true_again_is_told_again(rig: Rig) -> None:
    scan = await rig.scan()
    addresses = iter(["10.16.28.1", "10.16.28.2", "10.16.28.1", "10.16.28.2"])

    async def do(event: Event, _orders: Orders) -> Event:
        return recorded(event, ip=next(addresses))

    await rig.run(netbox_sync=do)
    for telling in "abc":
        await until(lambda: rig.acked("netbox_sync"))
        await rig.send_again(scan, telling)
    await until(lambda: rig.acked("netbox_sync"))
    told = [str(getattr(e, "bmc_ip", "")) for e in await rig.told(DeviceRecorded)]
    assert told == ["10.16.28.1", "10.16.28.2", "10.16.28.1", "10.16.28.2"]


async def test_an_event_that_was_revised_is_not_acted_on_any_more(rig: Rig) -> None:
    scan = await rig.scan()
    await rig.publish(recorded(scan, ip="10.16.28.1"))
    revised = recorded(scan, ip="10.16.28.2")
    headers, data = encode(revised, id=scan.onboarding_id, source="test")
    await rig.stream.publish("onboarding.device-recorded.dcoa.dcoa-ra01u01", data, headers, id="revision")
    seen = []

    async def do(event: Event, _orders: Orders) -> None:
        seen.append(str(getattr(event, "bmc_ip", "")))

    await rig.run(vault_writer=do)
    await until(lambda: rig.acked("vault_writer"))
    assert seen == ["10.16.28.2"]


async def test_a_message_that_nats_has_forgotten_the_follow_on_of_is_not_followed_again(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A consumer that was made again gives it out as if for the first time."""
    monkeypatch.setattr(delivery, "DUPLICATE_WINDOW", 0.2)
    jetstream = rig.stream.jetstream
    info = await jetstream.stream_info("ONBOARDING")
    await jetstream.update_stream(info.config.evolve(duplicate_window=0.2))
    handled: list[Event] = []

    async def do(event: Event, _orders: Orders) -> Event:
        handled.append(event)
        return recorded(event)

    async def window_is_over() -> bool:
        return await rig.publish(other) > (await rig.stored("onboarding.server-scanned.*.other"))[0].sequence

    await rig.run(netbox_sync=do)
    scan, other = await rig.scan(), await rig.scan("other")
    await until(lambda: rig.acked("netbox_sync"))
    await until(window_is_over)
    await jetstream.delete_consumer("ONBOARDING", "netbox_sync")
    await rig.apply(netbox_sync=1)
    await until(lambda: handled.count(scan) == 2)
    await until(lambda: rig.acked("netbox_sync"))
    assert [told.server for told in await rig.told(DeviceRecorded)].count(scan.server) == 1


async def test_a_message_that_was_delivered_before_looks_back_though_it_was_told_just_now(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier delivery of it wrote may land at any time, on top of a scan that comes now."""
    newer: list[Event] = []
    tries: list[Event] = []
    follow = Publisher.follow

    async def scanned_meanwhile(self: Publisher, *event: Any, **check: Any) -> bool:
        published = await follow(self, *event, **check)
        newer.append(await rig.scan())
        monkeypatch.undo()
        return published

    async def do(event: Event, _orders: Orders) -> Event:
        tries.append(event)
        if len(tries) == 1:
            raise Retry("not yet", delay=0.1)
        return recorded(event)

    monkeypatch.setattr(Publisher, "follow", scanned_meanwhile)
    await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: len(newer) == 1)
    await until(lambda: rig.acked("netbox_sync"))
    again = await rig.stored("onboarding.replay.netbox_sync.>")
    assert [stored.onboarding_id for stored in again] == [str(newer[0].onboarding_id)]


async def test_what_is_given_up_looks_back_too(rig: Rig) -> None:
    """It may have written a part before it was refused, on top of what a newer scan wrote meanwhile."""
    newer: list[Event] = []

    async def do(event: Event, _orders: Orders) -> Event:
        if newer:
            return recorded(event)
        newer.append(await rig.scan())
        raise Refuse("no")

    await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: len(newer) == 1)
    await until(lambda: rig.acked("netbox_sync"))
    again = await rig.stored("onboarding.replay.netbox_sync.>")
    assert [stored.onboarding_id for stored in again] == [str(newer[0].onboarding_id)]


async def test_a_follow_on_that_stands_already_is_none_that_was_overtaken(rig: Rig) -> None:
    """NATS answers 10071 to both; whether a newer scan stands tells them apart."""
    scan, publisher = await rig.scan(), Publisher(rig.stream, "replica")
    outdated = Expected(99, scans_of(scan.server))
    assert await publisher.follow(recorded(scan), Expected(1, scans_of(scan.server)), may_stand=False)
    assert not await publisher.follow(recorded(scan), outdated, may_stand=False)
    await rig.scan()
    with pytest.raises(Overtaken):
        await publisher.follow(recorded(scan), outdated, may_stand=False)
