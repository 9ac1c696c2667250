"""Rule 11: what a service stands on is watched, and mends without a restart."""

import asyncio
import json
from pathlib import Path

import pytest
from nats.aio.msg import Msg

from events import watch
from events.orders import Orders
from events.readiness import Readiness
from events.store_errors import Full, InFlight, NoAnswer
from events.stream import Stream
from events.synced import SyncWatch
from events.types import DeviceRecorded, Event
from onramp.sandbox.nats import CONFIGURATION, NatsServer, free_port
from tests.integration.rig import Rig, recorded, until


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "EVERY", 0.1)


async def record(event: Event, _orders: Orders) -> Event:
    return recorded(event)


async def test_a_deleted_consumer_is_named_and_goes_on_from_where_it_was(rig: Rig) -> None:
    handled: list[str] = []

    async def do(event: Event, _orders: Orders) -> Event:
        handled.append(event.server)
        return recorded(event)

    replica = await rig.run(netbox_sync=do)
    await rig.scan("first")
    await until(lambda: rig.acked("netbox_sync"))
    await until(lambda: _progress(rig, 1))
    await rig.stream.jetstream._jsm.delete_consumer("ONBOARDING", "netbox_sync")
    await until(lambda: "netbox_sync is missing" in replica.readiness.results["consumer netbox_sync"])
    await rig.scan("second")
    assert "create netbox_sync" in await rig.apply()
    await until(lambda: replica.readiness.results["consumer netbox_sync"] == "")
    await until(lambda: "second" in handled)
    assert handled == ["first", "second"]


async def _progress(rig: Rig, floor: int) -> bool:
    found = await rig.stored("$KV.PROGRESS.netbox_sync", "KV_PROGRESS")
    return bool(found) and f'"ack_floor": {floor}'.encode() in found[-1].data


async def test_a_consumer_whose_progress_nobody_knows_is_never_made_from_the_start(rig: Rig) -> None:
    await rig.scan()
    await rig.stream.jetstream._jsm.delete_consumer("ONBOARDING", "kea_sync")
    assert "blocked kea_sync" in await rig.apply()
    assert "create kea_sync" in await rig.apply(kea_sync=1)


async def test_a_consumer_that_differs_is_named_with_its_difference(rig: Rig) -> None:
    replica = await rig.run(netbox_sync=record)
    info = await rig.stream.jetstream._jsm.consumer_info("ONBOARDING", "netbox_sync")
    info.config.max_deliver = 5
    await rig.stream.jetstream._jsm.add_consumer("ONBOARDING", info.config)
    await until(lambda: "max_deliver: 5" in replica.readiness.results["consumer netbox_sync"])
    assert "update netbox_sync" in await rig.apply()
    await until(lambda: replica.readiness.results["consumer netbox_sync"] == "")


async def test_a_missing_stream_is_named(rig: Rig) -> None:
    replica = await rig.run(netbox_sync=record)
    await rig.stream.jetstream._jsm.delete_stream("KV_ATTEMPTS")
    await until(lambda: "KV_ATTEMPTS is missing" in replica.readiness.results["stream KV_ATTEMPTS"])
    assert not replica.readiness.ready
    await rig.apply()
    await until(lambda: replica.readiness.ready)


async def test_nats_gone_and_back_needs_no_restart(rig: Rig) -> None:
    replica = await rig.run(netbox_sync=record)
    rig.server.kill()
    await until(lambda: replica.readiness.results["nats"] != "", seconds=30)
    rig.server.start()
    await until(lambda: replica.readiness.ready, seconds=30)
    await rig.scan()
    await until(lambda: _one_recorded(rig))


async def _one_recorded(rig: Rig) -> bool:
    return len(await rig.told(DeviceRecorded)) == 1


async def test_a_stream_that_has_no_room_is_named_until_it_takes_a_message_again(rig: Rig) -> None:
    replica = await rig.run(netbox_sync=record)
    info = await rig.stream.jetstream._jsm.stream_info("ONBOARDING")
    bounded = info.config.evolve(max_bytes=1, discard="new")
    await rig.stream.jetstream._jsm.update_stream(bounded)
    with pytest.raises(Full):
        await rig.scan("first")
    await until(lambda: "ONBOARDING has no room" in replica.readiness.results["stream ONBOARDING"])
    await rig.stream.jetstream._jsm.update_stream(info.config)
    await rig.scan("first")
    await until(lambda: replica.readiness.results["stream ONBOARDING"] == "")


async def test_a_stream_that_answers_but_confirms_nothing_is_full_as_with_a_full_disk(rig: Rig) -> None:
    replica = await rig.run(netbox_sync=record)
    info = await rig.stream.jetstream._jsm.stream_info("ONBOARDING")
    await rig.stream.jetstream._jsm.update_stream(info.config.evolve(no_ack=True))
    with pytest.raises(Full, match="its disk may be full"):
        await Stream(rig.stream.client, patience=0.3).publish("onboarding.x.y.z", b"", {}, id="1")
    await until(lambda: "ONBOARDING has no room" in replica.readiness.results["stream ONBOARDING"])


async def test_a_publish_that_was_lost_with_the_connection_is_not_taken_for_a_full_disk(rig: Rig) -> None:
    info = await rig.stream.jetstream._jsm.stream_info("ONBOARDING")
    await rig.stream.jetstream._jsm.update_stream(info.config.evolve(no_ack=True))
    patient = Stream(rig.stream.client, patience=3)
    publishing = asyncio.create_task(patient.publish("onboarding.x.y.z", b"", {}, id="1"))
    rig.server.kill()
    rig.server.start()
    with pytest.raises(NoAnswer):
        await publishing


async def test_a_publish_that_is_always_kept_in_flight_is_given_up(rig: Rig) -> None:
    kept = {"error": {"code": 503, "err_code": 10164, "description": "in flight"}}

    async def keep(asked: Msg) -> None:
        await asked.respond(json.dumps(kept).encode())

    await rig.client.subscribe("kept", cb=keep)
    publishing = Stream(rig.client, patience=0.3).publish("kept", b"", {}, id="1")
    with pytest.raises(InFlight):
        await asyncio.wait_for(publishing, 5)


async def test_a_step_goes_on_with_a_stream_that_was_deleted_and_made_again(rig: Rig) -> None:
    handled: list[str] = []

    async def do(event: Event, _orders: Orders) -> Event:
        handled.append(event.server)
        return recorded(event)

    replica = await rig.run(netbox_sync=do)
    await rig.scan("first")
    await until(lambda: _progress(rig, 1))
    await rig.stream.jetstream._jsm.delete_stream("ONBOARDING")
    await until(lambda: "netbox_sync is missing" in replica.readiness.results["consumer netbox_sync"])
    await rig.apply()
    await rig.scan("second")
    await until(lambda: "second" in handled)


@pytest.mark.parametrize("synced", [True, False])
async def test_readiness_warns_unless_nats_syncs_every_write(tmp_path: Path, synced: bool) -> None:
    monitor = free_port()
    conf = CONFIGURATION if synced else CONFIGURATION.replace(", sync_interval: always", "")
    server = NatsServer(tmp_path, free_port(), f"http: 127.0.0.1:{monitor}\n{conf}").start()
    readiness = Readiness()
    try:
        await SyncWatch(f"http://127.0.0.1:{monitor}", readiness).look()
    finally:
        server.stop()
    assert ("sync_interval: always" in readiness.warnings) is not synced
    assert readiness.ready


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n[]",
        b'HTTP/1.1 200 OK\r\n\r\n{"jetstream": {"config": null}}',
    ],
)
async def test_whatever_nats_monitoring_answers_ends_no_service(answer: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    readiness = Readiness()
    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        await SyncWatch(f"http://127.0.0.1:{port}", readiness).look()
    assert "does not tell" in readiness.warnings["sync_interval: always"]
