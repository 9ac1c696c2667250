"""A stream with the events of many servers, for benchmarks that read it."""

import asyncio
import os
from collections.abc import Iterator

import nats
from nats.aio.client import Client

from events.applying import Applier
from events.envelope import encode
from events.ids import event_id, new_onboarding_id
from events.stream import Stream
from events.subjects import event_subject
from events.types import (
    AddressReserved,
    CredentialsStored,
    DeviceRecorded,
    Event,
    HostEnrolled,
    ServerReady,
    ServerScanned,
    StepFailed,
)

SERVERS = int(os.environ.get("BENCH_SERVERS", "100000"))
CONFIGURATION = """
server_name: {name}
listen: 127.0.0.1:{port}
jetstream {{ store_dir: "{store}" }}
"""
"""Reads do not depend on how writes are synced."""
CHAIN: list[tuple[type[Event], str]] = [
    (ServerScanned, "intake"),
    (DeviceRecorded, "netbox_sync"),
    (CredentialsStored, "vault_writer"),
    (AddressReserved, "kea_sync"),
    (HostEnrolled, "metal3_sync"),
    (ServerReady, "metal3_sync"),
]


def told(number: int) -> Iterator[tuple[Event, str]]:
    """The events of a server; every hundredth fails, every fiftieth is on its way."""
    site = f"dc{number % 20:02d}"
    facts = {
        "onboarding_id": new_onboarding_id(),
        "server": f"{site}-r{number // 800:03d}u{number // 20 % 40 + 1:02d}",
        "site": site,
        "registration": {
            "bmc_mac": f"3c:ec:ef:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
        },
        "sealed_password": "x" * 513,
        "outcome": "created",
        "reason": f"done for {site} {number}",
        "bmc_ip": "10.0.0.1",
        "credentials": {"mount": "onramp", "path": "bmc/x", "version": 1},
        "host": {"namespace": "metal3", "name": "x"},
        "state": "available",
    }
    for kind, source in CHAIN if number % 50 else CHAIN[:3]:
        yield kind.model_validate(facts), source
    if not number % 100:
        failed = {"step": "kea_sync", "error_type": "Refuse", "attempt": 1, "dead_letter": "dead"}
        yield StepFailed.model_validate({**facts, **failed}), "kea_sync"


async def seed(url: str) -> int:
    """Store them all; how many messages that are."""
    client = await nats.connect(url)
    [_ async for _ in Applier(Stream(client), replicas=1, ack_wait=30.0).apply({})]
    count = 0
    for number in range(SERVERS):
        for event, source in told(number):
            headers, data = encode(event, id=event_id(event), source=source)
            subject = event_subject(event.name, event.site, event.server)
            await client.publish(subject, data, headers=headers)
            count += 1
        if not number % 200:
            await _stored(client, count)
    await _stored(client, count)
    await client.close()
    return count


async def _stored(client: Client, count: int) -> None:
    """Wait until so many messages stand."""
    stream = client.jetstream()
    while (await stream.stream_info("ONBOARDING")).state.messages < count:  # noqa: ASYNC110 - asked over NATS
        await asyncio.sleep(0.01)
