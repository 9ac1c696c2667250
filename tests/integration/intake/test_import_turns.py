"""A replica takes so many imports at a time; whoever comes then is told to come again."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from intake.imports.run import Import
from intake.scans import Scans
from tests.integration.intake.conftest import Intake
from tests.integration.intake.test_import import record, send
from tests.integration.intake.test_import_live import heard, listening
from tests.integration.rig import Rig, until

pytestmark = pytest.mark.usefixtures("private")


@pytest.fixture
async def replica(rig: Rig) -> AsyncIterator[Intake]:
    """Takes one at a time."""
    replica = Intake(rig, max_imports=1)
    yield replica
    await replica.http.aclose()


def is_told_to_come_again(answer: httpx.Response) -> bool:
    come_again = answer.status_code == 503 and answer.json()["type"] == "urn:onramp:problem:too-many-imports"
    return come_again and int(answer.headers["Retry-After"]) > 0


async def test_one_more_is_told_to_come_again(replica: Intake) -> None:
    began, goes_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        began.set()
        await goes_on.wait()
        yield json.dumps([record(0)]).encode()

    headers = {"Content-Type": "application/json"}
    first = asyncio.create_task(
        replica.http.post("/api/v1/servers/import", content=slowly(), headers=headers)
    )
    await began.wait()
    assert is_told_to_come_again(await send(replica, [record(1)]))
    goes_on.set()
    assert (await first).status_code == 200
    assert (await send(replica, [record(1)])).status_code == 200


async def test_a_refused_file_gives_its_turn_back(replica: Intake) -> None:
    assert [(await send(replica, "[")).status_code for _ in range(3)] == [400] * 3


async def test_a_websocket_has_its_turn_from_before_its_file_is_sent(replica: Intake) -> None:
    async def is_full() -> bool:
        return is_told_to_come_again(await send(replica, []))

    async def is_free() -> bool:
        return (await send(replica, [])).status_code == 200

    async with listening(replica):
        await until(is_full)
        async with listening(replica) as another:
            [problem] = await heard(another)
            assert (problem["status"], another.close_code) == (503, 1013)
    await until(is_free)


async def test_an_import_keeps_its_turn_until_it_is_stored_though_its_client_goes(
    replica: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = asyncio.Event()

    async def stores(_import: Import, _scans: Scans, _told: object) -> None:
        await stored.wait()

    monkeypatch.setattr(Import, "run", stores)
    async with listening(replica) as client:
        await client.send(json.dumps([record(0)]))
        await heard(client, count=1)
    assert is_told_to_come_again(await send(replica, []))
    stored.set()

    async def is_free() -> bool:
        return (await send(replica, [])).status_code == 200

    await until(is_free)
