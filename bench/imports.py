"""An import of 10,000 records over HTTP, beside plain nats-py publishing the very bytes that it stored.

Both sides use nats-server with the same stream settings (file storage, every write synced). intake is a
process of its own: it reads the file, seals every password, looks every server up and stores each scan
under the newest-scan check. The plain side publishes with PubAck, as many at a time as intake does.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx
import nats
import psutil
from websockets.asyncio.client import connect

from events.applying import Applier
from events.seal import KeyRecord, new_private_key, public_part
from events.stored import Stored
from events.stream import Stream
from onramp.sandbox.nats import NatsServer, free_port

SERVERS = int(os.environ.get("BENCH_SERVERS", "10000"))
IN_FLIGHT = 200
"""Publishes that wait for their PubAck at a time, as an import's do."""
ROUNDS = 3
"""The best of each side counts: other things run on the machine, too."""


def record(number: int) -> dict[str, object]:
    """A full record of its own."""
    return {
        "device_name": f"dcoa-r{number // 40:03d}u{number % 40 + 1:02d}",
        "bmc_mac": f"3cecef{number:06x}",
        "bmc_password": f"secret-{number}",
        "bmc_ip": f"10.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}",
        "site": "dcoa",
        "location": "hall-1",
        "rack": f"R{number // 40:03d}",
        "position": number % 40 + 1,
        "device_type": "supermicro-1u",
        "device_role": "k8s-worker",
        "bmc_prefix": "10.0.0.0/8",
        "tenant": "",
    }


@asynccontextmanager
async def nats_server() -> AsyncIterator[tuple[NatsServer, Stream]]:
    """A fresh server with its streams and a sealing key."""
    with tempfile.TemporaryDirectory() as folder:
        server = NatsServer(Path(folder), free_port()).start()
        client = await nats.connect(server.url)
        try:
            stream = Stream(client)
            [_ async for _ in Applier(stream, replicas=1, ack_wait=30.0).apply({})]
            key = KeyRecord(key=public_part(new_private_key("bench")), made_at="2026-01-01T00:00:00Z")
            await client.jetstream().publish("$KV.KEYS.bench", key.model_dump_json().encode())
            yield server, stream
        finally:
            await client.close()
            server.stop()


Sent = Callable[[int, bytes], Awaitable[list[Any]]]
"""Sends a file to the intake at a port; the result of each record."""


async def posted(port: int, body: bytes) -> list[Any]:
    """With one request."""
    headers = {"Content-Type": "application/json"}
    async with httpx.AsyncClient(timeout=300, base_url=f"http://127.0.0.1:{port}") as http:
        answer: list[Any] = (await http.post("/api/v1/servers/import", content=body, headers=headers)).json()
    return answer


async def followed(port: int, body: bytes) -> list[Any]:
    """Over a WebSocket, which is left once all are stored: nobody here takes them any further."""
    results: list[Any] = []
    async with connect(f"ws://127.0.0.1:{port}/api/v1/servers/import/ws", max_queue=None) as client:
        await client.send(body.decode())
        while len(results) < SERVERS:
            message = json.loads(await client.recv())
            results += [message] if "result" in message else []
    return results


async def imported(body: bytes) -> tuple[float, list[Stored]]:
    """Seconds, and what was stored."""
    async with nats_server() as (server, stream):
        seconds, _ = await _import(server, body, posted)
        stored = [message async for message in stream.read("onboarding.server-scanned.*.*")]
        assert len(stored) == SERVERS
    return seconds, stored


async def weighed(*files: bytes) -> None:
    """Print what intake keeps of a file while it is imported, and not what it keeps of a new server."""
    async with nats_server() as (server, _):
        await _import(server, files[0], posted)
        for way, send in {"POST": posted, "WebSocket": followed}.items():
            for body in files:
                _, grown = await _import(server, body, send)
                print(f"  intake's memory, {way:9}  {len(body) / 2**20:5.1f} MiB file  +{grown:.1f} MiB")


async def _import(server: NatsServer, body: bytes, send: Sent) -> tuple[float, float]:
    """By a process that has just read the stream: seconds, and MiB that its peak grew by."""
    async with httpx.AsyncClient(timeout=300, base_url=f"http://127.0.0.1:{(port := free_port())}") as http:
        settings = {"ONRAMP_NATS_URL": server.url, "ONRAMP_HTTP_PORT": str(port), "ONRAMP_LOG_LEVEL": "ERROR"}
        command = [sys.executable, "-m", "intake.app"]
        intake = subprocess.Popen(command, env={**os.environ, **settings})  # noqa: ASYNC220 kept by its handle
        try:
            await _ready(http, intake)
            before = psutil.Process(intake.pid).memory_info().rss
            started = perf_counter()
            results = await send(port, body)
            seconds = perf_counter() - started
            refused = [result for result in results if result["result"] != "accepted"]
            assert not refused, f"{len(refused)} refused, the first: {refused[0]}"
            return seconds, max(0, _peak(intake.pid) - before) / 2**20
        finally:
            intake.kill()
            intake.wait()


async def plain(stored: list[Stored]) -> float:
    """Seconds that nats-py takes for the same bytes."""
    async with nats_server() as (_, stream):
        left = iter([(message.subject, message.data, _sent(message)) for message in stored])
        started = perf_counter()
        await asyncio.gather(*(_publish(stream, left) for _ in range(IN_FLIGHT)))
        return perf_counter() - started


async def _publish(stream: Stream, left: Iterator[tuple[str, bytes, dict[str, str]]]) -> None:
    for subject, data, headers in left:
        await stream.jetstream.publish(subject, data, stream=stream.name, headers=headers)


def _sent(message: Stored) -> dict[str, str]:
    """The headers that it was published with, without the check."""
    sent = ("ce-", "traceparent", "Nats-Msg-Id")
    return {name: value for name, value in message.headers.items() if name.startswith(sent)}


async def _ready(http: httpx.AsyncClient, intake: "subprocess.Popen[bytes]") -> None:
    while intake.poll() is None:
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.05)
    raise RuntimeError("intake ended")


def _peak(pid: int) -> int:
    """The most that a process ever had in memory, in bytes (Linux)."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line]
    return int(line.split()[1]) * 1024


def file(indent: int | None = None) -> bytes:
    """All records; so many blanks before each line make it larger, and what is in it not."""
    return json.dumps([record(number) for number in range(SERVERS)], indent=indent).encode()


async def main() -> None:
    """Run both sides in turn and print them."""
    body = file()
    imports, plains = [], []
    for _ in range(ROUNDS):
        seconds, stored = await imported(body)
        imports.append(seconds)
        plains.append(await plain(stored))
    ratio = min(imports) / min(plains)
    print(f"an import of {SERVERS} records, {len(body) / 2**20:.1f} MiB, sync_interval: always")
    print(f"  plain nats-py  {min(plains):6.2f} s")
    print(f"  import         {min(imports):6.2f} s   ratio {ratio:.2f} (wanted: at most 3)")
    await weighed(body, file(indent=40))


if __name__ == "__main__":
    asyncio.run(main())
