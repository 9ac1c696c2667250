"""intake in a process of its own, as it is deployed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from onramp.sandbox.nats import free_port
from tests.integration.rig import Rig, until


@dataclass(frozen=True)
class Running:
    """A replica that is ready."""

    port: int
    pid: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def resident(self) -> int:
        """Bytes of memory that the process has."""
        return int(psutil.Process(self.pid).memory_info().rss)

    @property
    def peak(self) -> int:
        """The most bytes of memory that it ever had (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        [peak] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(peak.split()[1]) * 1024


@asynccontextmanager
async def running(rig: Rig, folder: Path, **settings: str) -> AsyncIterator[Running]:
    """A process on this NATS, with these settings beside the usual ones."""
    replica = Running(free_port(), 0, folder / "intake.log")
    environment = {
        **os.environ,
        "ONRAMP_NATS_URL": rig.server.url,
        "ONRAMP_HTTP_PORT": str(replica.port),
        **settings,
    }
    with replica.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "intake.app"), env=environment, stdout=log, stderr=log
        )
    try:
        async with httpx.AsyncClient(base_url=replica.url) as http:
            await until(lambda: _ready(http), 60)
        yield Running(replica.port, process.pid, replica.log)
    finally:
        process.terminate()
        await process.wait()


async def _ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False
