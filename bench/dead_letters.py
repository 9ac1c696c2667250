"""`python -m bench.dead_letters`: listing 10,000 dead letters beside a plain read of the same messages.

The plain read is nats-py's own pull consumer, a thousand messages a fetch; the listing also finds out
which dead letters a newer scan overtook, and groups them.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from nats.js.api import AckPolicy, ConsumerConfig

from events.attempts import Attempts
from events.dead_letters import DeadLetters, Failure
from events.stored import Stored
from events.stream import Stream
from events.subjects import DEAD_LETTERS, ONBOARDING
from onramp.cli.dead_letters import grouped
from onramp.cli.letters import Selection, selected
from tests.integration.rig import Rig

COUNT = 10_000
ROUNDS = 3


async def fill(rig: Rig, count: int, first: int = 0) -> None:
    """As many servers that were scanned, and of each the dead letter of its first step."""
    letters = DeadLetters(Stream(rig.client, DEAD_LETTERS), "netbox_sync")
    failure = Failure("RA01 U01 is held by another", "Refuse", "another")
    for number in range(first, first + count):
        scan = await rig.scan(f"server-{number:05}")
        subject = f"onboarding.{scan.name}.dcoa.{scan.server}"
        stored = await rig.stream.last(subject)
        assert isinstance(stored, Stored)
        await letters.put("netbox_sync", stored, failure, Attempts(handed_back=1))


async def _plain(rig: Rig) -> None:
    config = ConsumerConfig(ack_policy=AckPolicy.NONE)
    reading = await rig.stream.jetstream.pull_subscribe("dead.>", stream=DEAD_LETTERS, config=config)
    read = 0
    while read < COUNT:
        read += len(await reading.fetch(1000, timeout=5))
    await reading.unsubscribe()


async def _listed(rig: Rig) -> None:
    found = await selected(rig.stream, Selection())
    assert sum(map(len, grouped(found).values())) == COUNT


async def _fastest(read: Callable[[Rig], Awaitable[None]], rig: Rig) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await read(rig)
        took.append(time.perf_counter() - began)
    return min(took)


async def main() -> None:
    """Print the ratio; exit code 1 when it is above 2."""
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder))
        await rig.start()
        try:
            await fill(rig, COUNT)
            plain, listed = await _fastest(_plain, rig), await _fastest(_listed, rig)
        finally:
            await rig.stop()
    ratio = listed / plain
    print(f"{COUNT} dead letters beside as many scans in {ONBOARDING}: plain read {plain:.2f} s, ", end="")
    print(f"listed {listed:.2f} s, {ratio:.2f} times")
    sys.exit(ratio > 2)


if __name__ == "__main__":
    asyncio.run(main())
