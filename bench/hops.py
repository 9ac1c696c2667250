"""Hops a second: five chassis consumers in five processes, beside plain nats-py doing as many.

Both sides use the same nats-server with the same stream settings (file storage, every write synced).
A plain hop fetches one message, publishes one with its PubAck and acks with confirmation; a chassis hop
does that and keeps every delivery rule.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

import nats
from nats.js.api import ConsumerConfig

from events import connection, logs
from events.applying import Applier
from events.chassis import Chassis
from events.delivery import Handler
from events.envelope import encode
from events.ids import event_id, new_onboarding_id
from events.orders import Orders
from events.readiness import Readiness
from events.settings import ServiceSettings
from events.steps import Step
from events.stream import Stream
from events.streams import consumer_config
from events.subjects import event_subject
from events.types import (
    AddressReserved,
    CredentialsStored,
    DeviceRecorded,
    Event,
    HostEnrolled,
    Registration,
    ServerReady,
    ServerScanned,
)
from onramp.sandbox.nats import NatsServer, free_port

SERVERS = int(os.environ.get("BENCH_SERVERS", "1000"))
CHAIN: list[type[Event]] = [
    ServerScanned,
    DeviceRecorded,
    CredentialsStored,
    AddressReserved,
    HostEnrolled,
    ServerReady,
]
FACTS = {
    "outcome": "created",
    "reason": "in-process",
    "bmc_ip": "10.0.0.1",
    "credentials": {"mount": "onramp", "path": "bmc/x", "version": 1},
    "host": {"namespace": "metal3", "name": "x"},
    "state": "available",
}


def step_of(hop: int) -> Step:
    """The benchmark's own wiring: hop 0 waits for ServerScanned, hop 4 publishes ServerReady."""
    return Step(f"hop{hop}", CHAIN[hop].name)


async def chassis_worker(url: str, hop: int) -> None:
    """One process of the chassis side."""
    logs.configure(f"hop{hop}", "ERROR")
    follow_on = CHAIN[hop + 1]

    async def do(event: Event, _orders: Orders) -> Event:
        return follow_on.model_validate({**FACTS, **event.model_dump()})

    settings = ServiceSettings(nats_url=url)
    broker = connection.broker(f"hop{hop}", settings, on_closed=lambda: None)
    client = await broker.connect()
    chassis = Chassis(f"hop{hop}", settings, Stream(client), broker, Readiness())
    chassis.carry([Handler(step_of(hop), CHAIN[hop], do)])
    await chassis.watch()


async def plain_worker(url: str, hop: int) -> None:
    """One process of the plain side: nothing but nats-py."""
    client = await nats.connect(url)
    stream = client.jetstream()
    subscription = await stream.pull_subscribe_bind(durable=f"hop{hop}", stream="ONBOARDING")
    while True:
        try:
            [message] = await subscription.fetch(1, timeout=5)
        except nats.errors.TimeoutError:
            continue
        server = message.subject.split(".")[-1]
        subject = event_subject(CHAIN[hop + 1].name, "dcoa", server)
        await stream.publish(
            subject, message.data, headers=dict(message.headers or {}) | {"Nats-Msg-Id": subject}
        )
        await message.ack_sync()


async def run(kind: str) -> float:
    """Hops a second of one side."""
    with tempfile.TemporaryDirectory() as folder:
        server = NatsServer(Path(folder), free_port()).start()
        workers = []
        try:
            client = await nats.connect(server.url)
            stream = Stream(client)
            [_ async for _ in Applier(stream, replicas=1, ack_wait=30.0).apply({})]
            for hop in range(5):
                await stream.jetstream._jsm.add_consumer("ONBOARDING", _consumer(hop))
            for hop in range(5):
                command = [sys.executable, "-m", "bench.hops", kind, server.url, str(hop)]
                workers.append(subprocess.Popen(command))  # noqa: ASYNC220 started in no time, kept by id
            await _ends(stream, 1, lambda: _scan(stream, "warm-up"))
            started = perf_counter()
            await asyncio.gather(*(_scan(stream, f"server-{number}") for number in range(SERVERS)))
            await _ends(stream, SERVERS + 1, None)
            seconds = perf_counter() - started
            await client.close()
            return SERVERS * 5 / seconds
        finally:
            for worker in workers:
                worker.kill()
                worker.wait()
            server.stop()


def _consumer(hop: int) -> ConsumerConfig:
    return consumer_config(step_of(hop), ack_wait=30.0)


async def _scan(stream: Stream, server: str) -> None:
    event = ServerScanned(
        onboarding_id=new_onboarding_id(),
        server=server,
        site="dcoa",
        registration=Registration.model_validate({"bmc_mac": "3c:ec:ef:a1:9c:e8"}),
        sealed_password="x" * 513,
    )
    id = event_id(event)
    headers, data = encode(event, id=id, source="bench")
    await stream.publish(event_subject(event.name, "dcoa", server), data, headers, id=str(id))


async def _ends(stream: Stream, count: int, first: Callable[[], Awaitable[None]] | None) -> None:
    """Wait until so many ServerReady stand."""
    if first is not None:
        await first()
    while True:
        info = await stream.jetstream._jsm.stream_info(
            "ONBOARDING", subjects_filter="onboarding.server-ready.>"
        )
        if len(info.state.subjects or {}) >= count:
            return
        await asyncio.sleep(0.01)


async def main() -> None:
    """Run both sides and print them."""
    plain = await run("plain")
    chassis = await run("chassis")
    print(f"hops a second, five processes, {SERVERS} servers x 5 hops, sync_interval: always")
    print(f"  plain nats-py  {plain:8.0f}")
    print(f"  chassis        {chassis:8.0f}   ratio {chassis / plain:.2f} (wanted: at least 0.5)")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["chassis", url, hop]:
            asyncio.run(chassis_worker(url, int(hop)))
        case ["plain", url, hop]:
            asyncio.run(plain_worker(url, int(hop)))
        case _:
            asyncio.run(main())
