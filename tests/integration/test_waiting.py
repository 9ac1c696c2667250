"""Delivery rule 5, on a real nats-server: waiting, dying, and holding up nobody."""

from contextlib import suppress

import pytest

from events import attempts
from events.arrival import Arrival
from events.attempts import Attempts, AttemptsBucket
from events.errors import Retry
from events.orders import Orders
from events.store_errors import Away, Full, StoreError
from events.types import (
    DeviceRecorded,
    Event,
    StepDelayed,
)
from tests.integration.rig import Rig, record, recorded, until
from tests.unit.events.samples import arrival


async def test_a_message_that_waits_too_long_is_given_up_before_the_stream_drops_it(rig: Rig) -> None:
    info = await rig.stream.jetstream._jsm.stream_info("ONBOARDING")
    info.config.max_age = 3600
    await rig.stream.jetstream._jsm.update_stream(info.config)

    async def do(_event: Event, _orders: Orders) -> Event:
        raise Retry("NetBox is locked", delay=3400)

    await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    [letter] = await rig.dead_letters()
    assert "the stream would drop it: NetBox is locked" in letter.failure.reason


async def test_a_mark_that_nats_did_not_let_a_process_take_back_is_no_death(rig: Rig) -> None:
    bucket, marked = AttemptsBucket(rig.stream, "netbox_sync"), Attempts().marked()
    await bucket.write(arrival(deliveries=2), marked)
    rig.server.kill()
    with pytest.raises(StoreError):
        await bucket.outlive(arrival(deliveries=2), marked)
    rig.server.start()
    await until(lambda: rig.client.is_connected)
    assert (await bucket.read(arrival(deliveries=3))).marked().deaths == 0
    another_process = AttemptsBucket(rig.stream, "netbox_sync")
    assert (await another_process.read(arrival(deliveries=3))).marked().deaths == 1
    await bucket.write(arrival(deliveries=3), marked)
    assert (await bucket.read(arrival(deliveries=4))).marked().deaths == 1


class CutOff(AttemptsBucket):
    """A process that lives on, and whose connection is lost each time that it has the message in hand."""

    away = False

    async def write(self, arrival: Arrival, attempts: Attempts) -> None:
        if self.away:
            raise Away("cut off")
        await super().write(arrival, attempts)

    async def take_in_hand(self, deliveries: int) -> int:
        """As the delivery does; how many deaths are counted then."""
        delivered = arrival(deliveries=deliveries)
        record = (await self.read(delivered)).marked()
        await self.write(delivered, record)
        self.away = True
        with suppress(Away):
            await self.outlive(delivered, record)
        self.away = False
        return record.deaths


@pytest.mark.parametrize("replicas", [2, 3])
async def test_replicas_that_are_cut_off_in_turn_never_make_a_dead_letter(rig: Rig, replicas: int) -> None:
    """Each takes another's mark for a death once, and then knows its own: so there is one fewer than they."""
    processes = [CutOff(rig.stream, "netbox_sync") for _ in range(replicas)]
    counted = [await processes[n % replicas].take_in_hand(deliveries=n + 2) for n in range(20)]
    assert max(counted) == replicas - 1
    assert max(counted) < attempts.DEATHS


async def test_a_retry_is_handed_back_until_it_works_and_is_seen_waiting_once(rig: Rig) -> None:
    tries = []

    async def do(event: Event, _orders: Orders) -> Event:
        tries.append(1)
        if len(tries) < 4:
            raise Retry("NetBox is locked", delay=0.05)
        return recorded(event)

    await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    assert len(tries) == 4
    [delayed] = await rig.told(StepDelayed)
    assert isinstance(delayed, StepDelayed)
    assert (delayed.step, delayed.reason, delayed.attempt) == ("netbox_sync", "NetBox is locked", 1)
    assert len(await rig.told(DeviceRecorded)) == 1
    assert await rig.attempts() == []


async def test_an_unknown_error_is_tried_eight_times(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def do(_event: Event, _orders: Orders) -> Event:
        tries.append(1)
        raise KeyError("canary-password")

    monkeypatch.setattr(attempts, "FIRST_DELAY", 0.01)
    await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    assert len(tries) == 8
    [letter] = await rig.dead_letters()
    assert letter.failure.error_type == "KeyError"
    assert "canary" not in letter.failure.reason
    assert letter.attempts == 8


async def test_a_stream_that_takes_nothing_for_a_while_kills_nobody(rig: Rig) -> None:
    tries = []

    async def do(event: Event, orders: Orders) -> Event:
        tries.append(1)
        if len(tries) < 6:
            raise Full("the stream takes no more")
        return await record(event, orders)

    await rig.run(netbox_sync=do)
    await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    assert len(tries) == 6
    assert await rig.dead_letters() == []


async def test_a_waiting_server_holds_up_nobody(rig: Rig) -> None:
    async def do(event: Event, _orders: Orders) -> Event:
        if event.server.startswith("stuck"):
            raise Retry("not yet")
        return recorded(event)

    for number in range(12):
        await rig.scan(f"stuck-{number}")
    for number in range(3):
        await rig.scan(f"free-{number}")
    await rig.run(netbox_sync=do)
    await until(lambda: _count_is(rig, 3))


async def _count_is(rig: Rig, count: int) -> bool:
    return len(await rig.told(DeviceRecorded)) == count
