"""The API page: every path is on it, and each of its curl lines works on a running intake."""

import asyncio
import os
import re
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.intake.a_process import running
from tests.integration.intake.conftest import Intake
from tests.integration.rig import until

PAGE = (Path(__file__).parents[3] / "docs/api.md").read_text()
WEBHOOK = "netbox-hook"


@pytest.fixture
async def address(
    intake: Intake, private: dict[str, str], backends: None, tmp_path: Path
) -> AsyncIterator[str]:
    """Of an intake in a process of its own, beside a NetBox step that gives up on every server."""
    settings = {"ONRAMP_REFERENCE_WEBHOOK_SECRET": WEBHOOK, "ONRAMP_LOG_LEVEL": "ERROR"}
    async with running(intake.rig, tmp_path, **settings) as replica:
        yield replica.url


async def test_each_line_works(intake: Intake, address: str, tmp_path: Path) -> None:
    environment = {**os.environ, "INTAKE": address, "ONRAMP_REFERENCE_WEBHOOK_SECRET": WEBHOOK}
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL):
        if "dead-letters" in block:
            await until(lambda: _gave_up(intake, 5))
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


async def _gave_up(intake: Intake, count: int) -> bool:
    return len(await intake.rig.dead_letters()) == count
