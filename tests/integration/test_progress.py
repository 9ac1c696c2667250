"""Rule 11: from where a lost consumer is made again, whatever became of the stream meanwhile."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

import pytest
from nats.aio.msg import Msg

from events import watch
from events.applying import Applier
from events.errors import Retry
from events.orders import Orders
from events.streams import stream_configs
from events.types import Event
from tests.integration.rig import Rig, recorded, until


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "EVERY", 0.1)


@dataclass
class Backup:
    """A stream as `nats stream backup --no-consumers` takes it, and `nats stream restore` puts it back."""

    rig: Rig
    name: str
    told: dict[str, Any]
    chunks: list[bytes]

    @classmethod
    async def of(cls, rig: Rig, name: str) -> "Backup":
        chunks: list[bytes] = []

        async def take(chunk: Msg) -> None:
            chunks.append(chunk.data)
            if chunk.reply:
                await chunk.respond(b"")

        inbox = rig.client.new_inbox()
        taking = await rig.client.subscribe(inbox, cb=take)
        wanted = {"deliver_subject": inbox, "no_consumers": True}
        told = await _asked(rig, f"$JS.API.STREAM.SNAPSHOT.{name}", json.dumps(wanted).encode())
        await until(lambda: b"" in chunks)
        await taking.unsubscribe()
        return cls(rig, name, told, chunks[: chunks.index(b"")])

    async def restore(self) -> None:
        await self.rig.stream.jetstream._jsm.delete_stream(self.name)
        wanted = {"config": self.told["config"], "state": self.told["state"]}
        answer = await _asked(self.rig, f"$JS.API.STREAM.RESTORE.{self.name}", json.dumps(wanted).encode())
        for chunk in (*self.chunks, b""):
            await self.rig.client.request(answer["deliver_subject"], chunk, timeout=5)


async def _asked(rig: Rig, subject: str, request: bytes) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((await rig.client.request(subject, request, timeout=5)).data)
    assert "error" not in answer
    return answer


async def record(event: Event, _orders: Orders) -> Event:
    return recorded(event)


async def onboard(rig: Rig, *servers: str) -> None:
    """Have netbox_sync do these, and note it, and end."""
    replica = await rig.run(netbox_sync=record)
    for server in servers:
        await rig.scan(server)
    await until(lambda: rig.acked("netbox_sync"))
    await replica.stop()
    rig.replicas.remove(replica)


async def handled_after(rig: Rig, *, last: str) -> list[str]:
    """The servers that netbox_sync is given from now on, up to `last`."""
    handled: list[str] = []

    async def do(event: Event, orders: Orders) -> Event:
        handled.append(event.server)
        return await record(event, orders)

    await rig.run(netbox_sync=do)
    await until(lambda: last in handled)
    return handled


async def test_what_waited_when_its_consumer_was_lost_is_handled(rig: Rig) -> None:
    tried = asyncio.Event()

    async def wait(_event: Event, _orders: Orders) -> Event:
        tried.set()
        raise Retry("not now", delay=60)

    await rig.scan("waits")
    replica = await rig.run(netbox_sync=wait)
    await tried.wait()
    await replica.stop()
    rig.replicas.remove(replica)
    await rig.stream.jetstream._jsm.delete_consumer("ONBOARDING", "netbox_sync")
    await rig.scan("new-1")
    assert "create netbox_sync" in await rig.apply()
    assert await handled_after(rig, last="new-1") == ["waits", "new-1"]


async def test_scans_stored_before_the_consumers_of_a_new_stream_are_handled(rig: Rig) -> None:
    await onboard(rig, "old-1", "old-2", "old-3")
    await rig.stream.jetstream._jsm.delete_stream("ONBOARDING")
    [onboarding, *_] = stream_configs()
    await rig.stream.jetstream._jsm.add_stream(onboarding)
    for server in ("new-1", "new-2", "new-3"):
        await rig.scan(server)
    assert "create netbox_sync" in await rig.apply()
    assert await handled_after(rig, last="new-3") == ["new-1", "new-2", "new-3"]


async def test_a_scan_that_comes_while_the_first_apply_is_at_work_is_handled(rig: Rig) -> None:
    for config in stream_configs():
        await rig.stream.jetstream._jsm.delete_stream(str(config.name))
    applier = Applier(rig.stream, replicas=1, ack_wait=rig.settings.ack_wait)
    async for change in applier.apply({}):
        assert change.action == "create"
        if change.name == "ONBOARDING":
            await rig.scan("first")
    assert await handled_after(rig, last="first") == ["first"]


async def test_a_restored_stream_goes_on_where_its_steps_were(rig: Rig) -> None:
    await onboard(rig, "old-1", "old-2")
    backup = await Backup.of(rig, "ONBOARDING")
    await backup.restore()
    assert "create netbox_sync" in await rig.apply()
    await rig.scan("new-1")
    assert await handled_after(rig, last="new-1") == ["new-1"]


async def test_what_comes_after_an_older_backup_is_handled_and_its_history_is_not(rig: Rig) -> None:
    await onboard(rig, "old-1", "old-2")
    backup = await Backup.of(rig, "ONBOARDING")
    await onboard(rig, "lost-1", "lost-2", "lost-3")
    await backup.restore()
    await rig.scan("new-1")
    assert "create netbox_sync" in await rig.apply()
    assert await handled_after(rig, last="new-1") == ["new-1"]
