"""`python -m bench.replays`: `onramp replay` of thousands of dead letters, beside the rate it was told.

The rate that was kept is read from the stream: when the first and when the last message was stored. The
step that they go back to does nothing but succeed, in another process than the command.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

import structlog

from bench.dead_letters import fill
from events.orders import Orders
from events.types import Event
from tests.integration.rig import Rig, recorded, until

COUNT = 3000
RATES = (50, 100, 200)
"""Messages a second: what the command does when it is told nothing, and more."""
COMMAND = "from onramp.cli import app; app()"


async def _succeed(event: Event, _orders: Orders) -> Event:
    return recorded(event)


async def _replay(rig: Rig, rate: int) -> float:
    """Run the command; the seconds until each has succeeded."""
    environment = {**os.environ, "ONRAMP_NATS_URL": rig.server.url, "ONRAMP_REPLAY_RATE": str(rate)}
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", COMMAND, "replay", "--service", "netbox_sync", "--json"),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    return time.perf_counter() - began


async def _kept(rig: Rig) -> float:
    """How many were stored a second, of the last replays."""
    subject = "onboarding.replay.netbox_sync.*.*"
    times = [stored.time async for stored in rig.stream.read(subject)][-COUNT:]
    return (COUNT - 1) / (times[-1] - times[0]).total_seconds()


async def main() -> None:
    """Print each rate with the one that was kept."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder))
        await rig.start()
        try:
            await rig.run(netbox_sync=_succeed)
            for number, rate in enumerate(RATES):
                await fill(rig, COUNT, first=number * COUNT)
                await until(lambda: rig.acked("netbox_sync"), seconds=600)
                seconds, kept = await _replay(rig, rate), await _kept(rig)
                print(f"{COUNT} dead letters replayed at {rate} a second: ", end="")
                print(f"kept {kept / rate:.2f} of that; all had succeeded after {seconds:.0f} s", flush=True)
        finally:
            await rig.stop()


if __name__ == "__main__":
    asyncio.run(main())
