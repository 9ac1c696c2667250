"""intake's projection: its start beside a plain read, its memory, and its lists beside a bare FastAPI path.

`BENCH_SERVERS` servers with six events each. The plain reads are nats-py's: batched direct gets, and an
ordered consumer; the faster one counts. Pages are asked for in turn, one from intake, one from a bare path
that answers the same bytes.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter, sleep

import nats
import psutil
import uvicorn
from fastapi import FastAPI
from nats.aio.client import Client
from starlette.responses import Response

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
from intake.feed import Feed
from intake.projection import Projection
from intake.projection.follower import EVENTS, catch_up
from onramp.sandbox.nats import NatsServer, free_port

SERVERS = int(os.environ.get("BENCH_SERVERS", "100000"))
REQUESTS = int(os.environ.get("BENCH_REQUESTS", "300"))
"""For each of the pages."""
CONFIGURATION = """
server_name: {name}
listen: 127.0.0.1:{port}
jetstream {{ store_dir: "{store}" }}
"""
CHAIN: list[tuple[type[Event], str]] = [
    (ServerScanned, "intake"),
    (DeviceRecorded, "netbox_sync"),
    (CredentialsStored, "vault_writer"),
    (AddressReserved, "kea_sync"),
    (HostEnrolled, "metal3_sync"),
    (ServerReady, "metal3_sync"),
]
PAGES = [
    "",
    "?sort=-changed_at",
    "?site=dc07",
    "?state=failed",
    "?state=failed&site=dc03&sort=-changed_at",
    "?step=kea_sync",
    "?text=r01",
    "?text=u31&state=ready",
    "?text=nothing-like-it",
    "?text=zz",
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


async def direct(client: Client) -> None:
    """Every event by batched direct gets."""
    async for _ in Stream(client).read(EVENTS):
        pass


async def ordered(client: Client) -> None:
    """Every event by an ordered consumer."""
    subscription = await client.jetstream().subscribe(EVENTS, stream="ONBOARDING", ordered_consumer=True)
    while (await subscription.next_msg()).metadata.num_pending:
        pass


async def projection(client: Client) -> None:
    """A projection, caught up."""
    made = Projection(Feed())
    await catch_up(made, Stream(client))
    kept.append(made)


kept: list[Projection] = []
"""So that it is in memory when that is measured."""


async def timed(kind: str, url: str) -> None:
    """Print seconds, and the bytes that the process grew by."""
    client = await nats.connect(url)
    process = psutil.Process()
    before, started = process.memory_info().rss, perf_counter()
    await {"direct": direct, "ordered": ordered, "projection": projection}[kind](client)
    print(json.dumps([perf_counter() - started, process.memory_info().rss - before]))
    await client.close()


def measured(kind: str, url: str) -> tuple[float, int]:
    """The same in a process of its own."""
    command = [sys.executable, "-m", "bench.lists", kind, url]
    output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    seconds, grown = json.loads(output.splitlines()[-1])
    return seconds, grown


def bare(port: int, bodies: list[str]) -> None:
    """A FastAPI with a path that answers bytes."""
    app = FastAPI()

    @app.get("/{number}")
    async def page(number: int) -> Response:
        return Response(bodies[number], media_type="application/json")

    uvicorn.run(app, port=port, log_level="critical", access_log=False)


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[None]:
    """A process of ours."""
    process = subprocess.Popen([sys.executable, "-m", *arguments], env={**os.environ, **environment})
    try:
        yield
    finally:
        process.kill()
        process.wait()


def get(connection: HTTPConnection, path: str) -> tuple[float, bytes]:
    """Seconds, and the body."""
    started = perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    assert answer.status == 200, body
    return perf_counter() - started, body


def connected(port: int, path: str) -> HTTPConnection:
    """A connection to a process, once it answers."""
    while True:
        try:
            connection = HTTPConnection("127.0.0.1", port)
            get(connection, path)
            return connection
        except (OSError, AssertionError):
            sleep(0.2)


def lists(url: str, folder: Path) -> None:
    """Print both sides' times, page by page and in all."""
    ours, theirs = free_port(), free_port()
    settings = {"ONRAMP_NATS_URL": url, "ONRAMP_HTTP_PORT": str(ours), "ONRAMP_LOG_LEVEL": "CRITICAL"}
    with running("intake.app", **settings, ONRAMP_REQUESTS_PER_ADDRESS="0"):
        intake = connected(ours, "/api/v1/servers")
        bodies = [get(intake, f"/api/v1/servers{page}")[1].decode() for page in PAGES]
        (folder / "bodies.json").write_text(json.dumps(bodies))
        with running("bench.lists", "bare", str(theirs), str(folder / "bodies.json")):
            plain = connected(theirs, "/0")
            taken: list[tuple[float, float]] = []
            print("pages, ms: intake p50 p99, bare FastAPI p50 p99, ratio of the p99")
            for number, page in enumerate(PAGES):
                times = [
                    (get(intake, f"/api/v1/servers{page}")[0], get(plain, f"/{number}")[0])
                    for _ in range(REQUESTS)
                ]
                print(f"  {page or '(all)':42}{row(times)}")
                taken += times
            print(f"  {'all of them':42}{row(taken)} (wanted: at most 2)")


def row(times: list[tuple[float, float]]) -> str:
    """Both sides of the same requests."""
    one, other = (sorted(side) for side in zip(*times, strict=True))
    middle, most = len(times) // 2, int(len(times) * 0.99)
    numbers = [one[middle], one[most], other[middle], other[most]]
    return " ".join(f"{1000 * number:6.2f}" for number in numbers) + f"   {one[most] / other[most]:.2f}"


def main() -> None:
    """Run it all and print it."""
    with tempfile.TemporaryDirectory() as folder:
        server = NatsServer(Path(folder), free_port(), CONFIGURATION).start()
        try:
            messages = asyncio.run(seed(server.url))
            print(f"{SERVERS} servers, {messages} messages", flush=True)
            reads = {kind: measured(kind, server.url)[0] for kind in ("direct", "ordered")}
            seconds, grown = measured("projection", server.url)
            for kind, read in reads.items():
                print(f"  plain read, {kind:8} {read:7.2f} s")
            ratio = seconds / min(reads.values())
            print(f"  projection           {seconds:7.2f} s   ratio {ratio:.2f} (wanted: at most 3)")
            print(f"  memory a server      {grown / SERVERS:7.0f} bytes", flush=True)
            lists(server.url, Path(folder))
        finally:
            server.stop()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["bare", port, bodies]:
            bare(int(port), json.loads(Path(bodies).read_text()))
        case [kind, url]:
            asyncio.run(timed(kind, url))
        case _:
            main()
