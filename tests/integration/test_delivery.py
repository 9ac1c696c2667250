"""The delivery rules, each on a real nats-server."""

import asyncio
import json
from contextlib import suppress
from datetime import timedelta

import pytest

from events import attempts, connection, delivery, endings
from events.arrival import ORIGINAL_SEQUENCE, Arrival
from events.attempts import Attempts, AttemptsBucket
from events.dead_letters import DeadLetters
from events.envelope import encode
from events.errors import Refuse, Retry
from events.ids import event_id
from events.orders import Orders
from events.standing import scans_of
from events.store_errors import Away, Full, StoreError
from events.subjects import replay_subject
from events.types import (
    DeviceRecorded,
    Event,
    OnboardingDiscarded,
    Outcome,
    StepDelayed,
    StepFailed,
)
from tests.integration.rig import Rig, now, ready, recorded, until
from tests.unit.events.samples import arrival


async def record(event: Event, _orders: Orders) -> Event:
    return recorded(event)


async def test_a_scan_is_acted_on_and_its_follow_on_stands_with_its_ids(rig: Rig) -> None:
    await rig.run(netbox_sync=record)
    scan = await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    [follow_on] = await rig.stored("onboarding.device-recorded.>")
    assert follow_on.subject == "onboarding.device-recorded.dcoa.dcoa-ra01u01"
    assert follow_on.headers["ce-id"] == follow_on.headers["Nats-Msg-Id"] == str(event_id(recorded(scan)))
    assert follow_on.headers["ce-outcome"] == "created"


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


async def test_a_message_that_was_handled_before_publishes_nothing_again(rig: Rig) -> None:
    scan = await rig.scan()
    await rig.publish(recorded(scan, Outcome.CREATED))
    await _send_again(rig, scan, "a")
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
        await _send_again(rig, scan, telling)
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
        await _send_again(rig, scan, telling)
    await rig.run(netbox_sync=do)
    await until(lambda: rig.acked("netbox_sync"))
    assert not overlap.is_set()


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


def _discarded(scan: Event) -> OnboardingDiscarded:
    return OnboardingDiscarded(
        onboarding_id=scan.onboarding_id, server=scan.server, site=scan.site, by="op", reason="wrong rack"
    )


async def _send_again(rig: Rig, event: Event, telling: str) -> None:
    headers, data = encode(event, id=event_id(event), source="test")
    subject = f"onboarding.replay.netbox_sync.{event.site}.{event.server}"
    await rig.stream.publish(subject, data, headers, id=f"again-{telling}")


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
