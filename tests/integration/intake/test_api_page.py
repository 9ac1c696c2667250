"""The API page: every path is on it, and each of its curl lines works on a running intake."""

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from events.errors import Refuse
from events.orders import Orders
from events.questions import answer_requests
from events.types import Event
from onramp.sandbox.nats import free_port
from tests.integration.intake.conftest import Intake
from tests.integration.rig import until

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text()
SECRET = "netbox-hook"


async def held(_event: Event, _orders: Orders) -> Event:
    raise Refuse("held by another", culprit="another")


async def answer(_payload: bytes) -> bytes:
    return b"{}"


@pytest.fixture
async def address(intake: Intake, private: dict[str, str]) -> AsyncIterator[str]:
    """Of an intake in a process of its own, beside a NetBox step that gives up on every server."""
    await intake.rig.run(netbox_sync=held)
    await answer_requests(intake.rig.client, "netbox_sync", {"reference.refresh": answer})
    port = free_port()
    settings = {
        "ONRAMP_NATS_URL": intake.rig.server.url,
        "ONRAMP_HTTP_PORT": str(port),
        "ONRAMP_REFERENCE_WEBHOOK_SECRET": SECRET,
        "ONRAMP_LOG_LEVEL": "ERROR",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "intake.app"), env={**os.environ, **settings}
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url) as http:
            await until(lambda: _ready(http))
        yield url
    finally:
        process.terminate()
        await process.wait()


async def test_each_line_works(intake: Intake, address: str, tmp_path: Path) -> None:
    environment = {**os.environ, "INTAKE": address, "ONRAMP_REFERENCE_WEBHOOK_SECRET": SECRET}
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL):
        if "dead-letters" in block:
            await until(lambda: _gave_up(intake, 4))
        ran = await asyncio.create_subprocess_exec(
            *("bash", "-euc", block), env=environment, cwd=tmp_path, stdout=PIPE, stderr=PIPE
        )
        output, errors = await asyncio.wait_for(ran.communicate(), 20)
        assert ran.returncode == 0, f"{block}\n{output.decode()}\n{errors.decode()}"
        assert output.strip(), block


async def test_every_path_is_on_it(intake: Intake) -> None:
    paths = (await intake.http.get("/openapi.json")).json()["paths"]
    for path, methods in paths.items():
        *_, last = path.split("/")
        for method in methods:
            told = f"`{method.upper()} {path}`" in PAGE or (
                path.startswith("/api/v1/reference/") and re.search(rf"`GET [^`]*[{{,]{last}[,}}]", PAGE)
            )
            assert told, f"{method.upper()} {path}"


async def _ready(http: httpx.AsyncClient) -> bool:
    try:
        return (await http.get("/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def _gave_up(intake: Intake, count: int) -> bool:
    return len(await intake.rig.dead_letters()) == count
