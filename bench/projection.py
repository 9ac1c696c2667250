"""The start of intake's projection beside a plain read of the same messages, and its memory.

The plain reads are nats-py's: batched direct gets, and an ordered consumer; the faster one counts. Each runs
in a process of its own.
"""

import asyncio
import json
import subprocess
import sys
from time import perf_counter

import nats
import psutil
from nats.aio.client import Client

from bench.stored import SERVERS
from events.stream import Stream
from intake.feed import Feed
from intake.projection import Projection
from intake.projection.follower import EVENTS, catch_up

ROUNDS = 3
"""The best of each side counts: other things run on the machine, too."""


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
    command = [sys.executable, "-m", "bench.projection", kind, url]
    output = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    seconds, grown = json.loads(output.splitlines()[-1])
    return seconds, grown


def start(url: str) -> None:
    """Print both sides' best times, and the memory."""
    taken: dict[str, list[tuple[float, int]]] = {}
    for _ in range(ROUNDS):
        for kind in ("direct", "ordered", "projection"):
            taken.setdefault(kind, []).append(measured(kind, url))
    best = {kind: min(seconds for seconds, _ in runs) for kind, runs in taken.items()}
    ratio = best["projection"] / min(best["direct"], best["ordered"])
    grown = max(grown for _, grown in taken["projection"])
    print(f"  plain read, direct   {best['direct']:7.2f} s")
    print(f"  plain read, ordered  {best['ordered']:7.2f} s")
    print(f"  projection           {best['projection']:7.2f} s   ratio {ratio:.2f} (wanted: at most 3)")
    print(f"  memory a server      {grown / SERVERS:7.0f} bytes", flush=True)


if __name__ == "__main__":
    _, kind, url = sys.argv
    asyncio.run(timed(kind, url))
