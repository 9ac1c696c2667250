"""A real nats-server, the streams as `onramp streams apply` makes them, and steps run by the real chassis."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from nats.aio.client import Client
from nats.js.errors import NotFoundError

from events import connection
from events.applying import Applier
from events.chassis import Chassis
from events.dead_letters import DeadLetter
from events.delivery import Handler
from events.envelope import encode
from events.ids import event_id, new_onboarding_id
from events.orders import Orders
from events.readiness import Readiness
from events.service import ended
from events.settings import ServiceSettings
from events.steps import steps
from events.stored import Stored
from events.stream import Stream
from events.subjects import DEAD_LETTERS, event_subject, replay_subject
from events.types import (
    AddressReserved,
    CredentialsStored,
    DeviceRecorded,
    Event,
    HostEnrolled,
    Outcome,
    Registration,
    ServerReady,
    ServerScanned,
)
from onramp.sandbox.nats import NatsServer, free_port
from tests import engines

Do = Callable[[Event, Orders], Awaitable[Event | None]]

TAKES: dict[str, type[Event]] = {
    "netbox_sync": ServerScanned,
    "vault_writer": DeviceRecorded,
    "kea_sync": CredentialsStored,
    "metal3_sync": AddressReserved,
    "netbox_status": ServerReady,
}


async def until(condition: Callable[[], Awaitable[bool]] | Callable[[], bool], seconds: float = 20) -> None:
    """Wait for a condition; fails when it does not come true in time."""
    give_up_at = asyncio.get_running_loop().time() + seconds
    while True:
        met = condition()
        if met if isinstance(met, bool) else await met:
            return
        assert asyncio.get_running_loop().time() < give_up_at, "the condition did not come true"
        await asyncio.sleep(0.02)


class Replica:
    """One process's worth of steps."""

    def __init__(
        self, chassis: Chassis, watching: asyncio.Task[None], readiness: Readiness, client: Client
    ) -> None:
        self.chassis = chassis
        self.readiness = readiness
        self.client = client
        self._watching = watching

    async def stop(self) -> None:
        """As at SIGTERM."""
        await ended(self._watching)
        await self.chassis.stop()
        await self.client.close()


class Rig:
    """What a test of the delivery works with."""

    def __init__(self, folder: Path) -> None:
        self.server = NatsServer(folder / "nats", free_port(), spawn=engines.nats)
        self.settings = ServiceSettings(nats_url=self.server.url, concurrency=4, ack_wait=2.0, deadline=5.0)
        self.replicas: list[Replica] = []
        self.client: Client
        self.stream: Stream

    async def start(self) -> None:
        self.server.start()
        self.client = await connection.broker("test", self.settings, on_closed=lambda: None).connect()
        self.stream = Stream(self.client, patience=5)
        await self.apply()

    async def apply(self, **start_at: int) -> list[str]:
        applier = Applier(self.stream, replicas=1, ack_wait=self.settings.ack_wait)
        return [f"{c.action} {c.name}" async for c in applier.apply(start_at)]

    async def stop(self) -> None:
        for replica in self.replicas:
            await replica.stop()
        await self.client.close()
        self.server.stop()

    async def run(self, **verbs: Do) -> Replica:
        """Run these steps as one process."""
        broker = connection.broker("replica", self.settings, on_closed=lambda: None)
        client = await broker.connect()
        readiness = Readiness()
        chassis = Chassis("replica", self.settings, Stream(client), broker, readiness)
        chassis.carry([Handler(steps()[name], TAKES[name], do) for name, do in verbs.items()])
        replica = Replica(chassis, asyncio.create_task(chassis.watch()), readiness, client)
        self.replicas.append(replica)
        await until(lambda: all(readiness.results.get(f"consumer {name}") == "" for name in verbs))
        return replica

    async def scan(
        self, server: str = "dcoa-ra01u01", onboarding_id: UUID | None = None, **fields: str
    ) -> ServerScanned:
        """Store a scan."""
        event = ServerScanned(
            onboarding_id=onboarding_id or new_onboarding_id(),
            server=server,
            site="dcoa",
            registration=Registration.model_validate({"bmc_mac": "3c:ec:ef:a1:9c:e8", **fields}),
            sealed_password="sealed",
        )
        await self.publish(event)
        return event

    async def publish(self, event: Event, **headers: str) -> int:
        """Store an event as its service would."""
        id = event_id(event)
        sent, data = encode(event, id=id, source="test")
        subject = event_subject(event.name, event.site, event.server)
        sequence, _ = await self.stream.publish(subject, data, {**sent, **headers}, id=str(id))
        return sequence

    async def send_again(self, event: Event, telling: str) -> None:
        """Put it on netbox_sync's private subject, too."""
        headers, data = encode(event, id=event_id(event), source="test")
        subject = replay_subject("netbox_sync", event.site, event.server)
        await self.stream.publish(subject, data, headers, id=f"again-{telling}")

    async def stored(self, subject: str = "onboarding.>", stream: str = "ONBOARDING") -> list[Stored]:
        """Everything that stands on matching subjects, in the stream's order."""
        info = await self.stream.jetstream._jsm.stream_info(stream)
        reader, found = Stream(self.client, stream), []
        for sequence in range(max(info.state.first_seq, 1), info.state.last_seq + 1):
            message = await reader.at(sequence)
            if message is not None and _matches(subject, message.subject):
                found.append(message)
        return found

    async def told(self, kind: type[Event]) -> list[Event]:
        """Every event of a kind, in order."""
        return [s.decoded().event for s in await self.stored(event_subject(kind.name, "*", "*"))]

    async def dead_letters(self) -> list[DeadLetter]:
        return [DeadLetter.of(stored) for stored in await self.stored("dead.>", DEAD_LETTERS)]

    async def attempts(self) -> list[Stored]:
        """The records of messages that wait; removed ones left out."""
        found = await self.stored("$KV.ATTEMPTS.>", "KV_ATTEMPTS")
        return [stored for stored in found if stored.data]

    async def acked(self, step: str) -> bool:
        """Whether the step has nothing left to do."""
        # NATS counts a message for the consumer only some time after it is stored.
        newest = [await self.stream.last(subject) for subject in steps()[step].filter_subjects]
        try:
            info = await self.stream.jetstream._jsm.consumer_info("ONBOARDING", step)
        except NotFoundError:
            return False
        delivered = info.delivered.stream_seq if info.delivered else 0
        given = all(stored is None or stored.sequence <= delivered for stored in newest)
        return given and not info.num_pending and not info.num_ack_pending


async def record(event: Event, _orders: Orders) -> Event:
    """A step that always works."""
    return recorded(event)


def recorded(
    scan: Event, outcome: Outcome = Outcome.CREATED, ip: str | None = "10.16.28.78"
) -> DeviceRecorded:
    """The first step's follow-on."""
    assert isinstance(scan, ServerScanned)
    return DeviceRecorded(
        onboarding_id=scan.onboarding_id,
        server=scan.server,
        site=scan.site,
        outcome=outcome,
        reason="as told",
        registration=scan.registration,
        sealed_password=scan.sealed_password,
        bmc_ip=ip,
    )


def ready(scan: Event) -> ServerReady:
    """The chain's end."""
    assert isinstance(scan, ServerScanned)
    return ServerReady(
        onboarding_id=scan.onboarding_id,
        server=scan.server,
        site=scan.site,
        registration=scan.registration,
        host={"namespace": "metal3", "name": scan.server},
        state="available",
    )


def now() -> datetime:
    return datetime.now(UTC)


def _matches(pattern: str, subject: str) -> bool:
    wanted, found = pattern.split("."), subject.split(".")
    for index, token in enumerate(wanted):
        if token == ">":
            return True
        if index >= len(found) or token not in ("*", found[index]):
            return False
    return len(wanted) == len(found)


__all__ = ["HostEnrolled", "Replica", "Rig", "now", "ready", "recorded", "until"]
