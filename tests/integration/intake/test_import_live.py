"""An import told as it goes, over a WebSocket, by whatever replica is asked."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from starlette.types import ASGIApp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from events.http import served
from events.ids import new_onboarding_id
from events.store_errors import StoreError
from events.types import Event, ServerScanned, StepFailed
from intake.imports.live import CLOCKS_APART
from onramp.sandbox.nats import free_port
from tests.integration.intake.conftest import ID, Intake
from tests.integration.intake.test_canary import CANARY
from tests.integration.intake.test_import import record, send
from tests.integration.rig import Rig, ready, recorded, until

pytestmark = pytest.mark.usefixtures("private")


@asynccontextmanager
async def listening(intake: Intake, query: str = "") -> AsyncIterator[ClientConnection]:
    """A client of this replica, over a real socket."""
    async with connected(intake.app, query, {}) as client:
        yield client


@asynccontextmanager
async def connected(app: ASGIApp, query: str, headers: dict[str, str]) -> AsyncIterator[ClientConnection]:
    """The same, with headers."""
    port = free_port()
    async with served([], app, "127.0.0.1", port, patience=20):
        await until(lambda: _open(port))
        address = f"ws://127.0.0.1:{port}/api/v1/servers/import/ws{query}"
        async with connect(address, additional_headers=headers) as client:
            yield client


def _open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def heard(client: ClientConnection, *, count: int = 1_000_000) -> list[dict[str, Any]]:
    """So many messages, or all until the replica closes."""
    messages: list[dict[str, Any]] = []
    try:
        while len(messages) < count:
            messages.append(json.loads(await asyncio.wait_for(client.recv(), 30)))
    except ConnectionClosed:
        pass
    return messages


async def scan_of(intake: Intake, server: str) -> ServerScanned:
    """The newest scan of a server, once it is stored."""

    async def find() -> list[ServerScanned]:
        found = [stored.decoded().event for stored in await intake.scans()]
        return [event for event in found if isinstance(event, ServerScanned) and event.server == server]

    async def stands() -> bool:
        return bool(await find())

    await until(stands)
    return (await find())[-1]


def failed(scan: Event) -> StepFailed:
    return StepFailed(
        onboarding_id=scan.onboarding_id,
        server=scan.server,
        site=scan.site,
        step="netbox_sync",
        reason="RB06 U31 is held by s9",
        error_type="Refuse",
        attempt=1,
        dead_letter="dead.netbox_sync._.s0.1",
    )


async def test_each_step_is_told_until_all_have_settled(rig: Rig, intake: Intake) -> None:
    async with listening(intake) as client:
        await client.send(json.dumps([record(0), record(1), record(2, bmc_mac="x")]))
        for server in ("s0", "s1"):
            scan = await scan_of(intake, server)
            await rig.publish(recorded(scan), **{"ce-source": "/onramp/netbox_sync"})
            await rig.publish(ready(scan) if server == "s0" else failed(scan))
        messages = await heard(client)
    assert messages[0]["records"] == 3
    results = {m["index"]: m["result"] for m in messages if "result" in m}
    assert results == {0: "accepted", 1: "accepted", 2: "refused"}
    steps = [(m["server"], m["event"], m["state"]) for m in messages if "event" in m]
    assert sorted(steps, key=lambda step: step[0]) == [
        ("s0", "server-scanned", "in-progress"),
        ("s0", "device-recorded", "in-progress"),
        ("s0", "server-ready", "ready"),
        ("s1", "server-scanned", "in-progress"),
        ("s1", "device-recorded", "in-progress"),
        ("s1", "step-failed", "failed"),
    ]
    assert messages[-1]["done"] is True
    [left] = messages[-1]["not_ended"]
    assert (left["index"], left["server"], left["state"]) == (1, "s1", "failed")
    assert "held by s9" in left["reason"]


async def test_a_step_is_told_with_what_it_did(rig: Rig, intake: Intake) -> None:
    async with listening(intake) as client:
        await client.send(json.dumps([record(0)]))
        scan = await scan_of(intake, "s0")
        told = recorded(scan)
        sequence = await rig.publish(told)
        message = [m for m in await heard(client, count=4) if m.get("event") == "device-recorded"]
    assert [(m["index"], m["sequence"], m["onboarding_id"]) for m in message] == [
        (0, sequence, str(scan.onboarding_id))
    ]
    assert [(step["state"], step["outcome"]) for step in message[0]["steps"]] == [("done", "created")]


async def test_a_newer_scan_settles_what_it_supersedes(intake: Intake) -> None:
    async with listening(intake) as client:
        await client.send(json.dumps([record(0)]))
        await scan_of(intake, "s0")
        await intake.register(device_name="s0")
        messages = await heard(client)
    assert [m["state"] for m in messages if "event" in m] == ["in-progress", "superseded"]
    assert messages[-1] == {"done": True, "not_ended": []}


async def test_other_servers_are_not_told_of(rig: Rig, intake: Intake) -> None:
    async with listening(intake) as client:
        await client.send(json.dumps([record(0)]))
        scan = await scan_of(intake, "s0")
        await send(intake, [record(1)])
        await rig.publish(ready(await scan_of(intake, "s1")))
        await rig.publish(ready(scan))
        messages = await heard(client)
    assert {m["server"] for m in messages if "server" in m} == {"s0"}


async def test_any_replica_tells_the_rest_to_a_client_that_comes_again(rig: Rig, intake: Intake) -> None:
    async with listening(intake) as client:
        await client.send(json.dumps([record(0), record(1)]))
        [started] = await heard(client, count=1)
        first, second = await scan_of(intake, "s0"), await scan_of(intake, "s1")
        seen = await rig.publish(recorded(first))
    await rig.publish(ready(first))
    async with listening(
        Intake(rig, patience=0.5), f"?import_id={started['import_id']}&after={seen}"
    ) as client:
        [message] = await heard(client, count=1)
        assert (message["index"], message["event"]) == (0, "server-ready")
        await rig.publish(failed(second))
        messages = await heard(client)
    assert [m["event"] for m in messages if "event" in m] == ["step-failed"]
    assert [left["server"] for left in messages[-1]["not_ended"]] == ["s1"]


async def test_an_import_that_was_posted_is_followed_too(rig: Rig, intake: Intake) -> None:
    import_id = (await send(intake, [record(0)])).headers["Onramp-Import-Id"]
    await rig.publish(ready(await scan_of(intake, "s0")))
    async with listening(Intake(rig, patience=0.5), f"?import_id={import_id}") as client:
        messages = await heard(client)
    assert [m["event"] for m in messages if "event" in m] == ["server-scanned", "server-ready"]
    assert messages[-1] == {"done": True, "not_ended": []}


async def test_storing_goes_on_when_the_client_goes(intake: Intake) -> None:
    async with listening(intake) as client:
        await client.send(json.dumps([record(number) for number in range(1000)]))
        await heard(client, count=1)
        await client.close()

        async def stored() -> bool:
            return len(await intake.rig.stream.last_of_each(["onboarding.server-scanned.*.s999"])) == 1

        await until(stored)


async def test_an_id_that_was_stored_before_is_followed_from_where_it_stands(
    rig: Rig, intake: Intake
) -> None:
    await send(intake, [record(0, onboarding_id=ID)])
    async with listening(intake) as client:
        await client.send(json.dumps([record(0, onboarding_id=ID)]))
        assert [m.get("result") for m in await heard(client, count=2)] == [None, "accepted"]
        await rig.publish(ready(await scan_of(intake, "s0")))
        messages = await heard(client)
    assert [m["event"] for m in messages if "event" in m] == ["server-ready"]
    assert messages[-1]["done"] is True


async def test_an_id_that_was_stored_before_and_superseded_since_is_not_waited_for(
    rig: Rig, intake: Intake
) -> None:
    await send(intake, [record(0, onboarding_id=ID)])
    await intake.register(device_name="s0")
    async with listening(intake) as client:
        await client.send(json.dumps([record(0, onboarding_id=ID)]))
        messages = await heard(client)
    assert [m.get("result") for m in messages] == [None, "accepted", None]
    assert messages[-1] == {"done": True, "not_ended": []}


async def test_what_is_told_to_its_end_is_closed_as_such(intake: Intake) -> None:
    async with listening(intake) as client:
        await client.send("[]")
        assert [m.get("done") for m in await heard(client)] == [None, True]
        assert client.close_code == 1000


async def test_an_import_with_nothing_accepted_is_done_at_once(intake: Intake) -> None:
    async with listening(intake) as client:
        await client.send(json.dumps([record(0, bmc_mac="x")]))
        messages = await heard(client)
    assert [m.get("result") for m in messages] == [None, "refused", None]
    assert messages[-1]["done"] is True


@pytest.mark.parametrize(
    ("sent", "code", "status"),
    [("{}", 1008, 400), (b"\xff", 1008, 400), ("[" + "1," * 200 + "1]", 1008, 413)],
)
async def test_what_is_no_import_is_told_as_a_problem(
    rig: Rig, intake: Intake, sent: str | bytes, code: int, status: int
) -> None:
    async with listening(Intake(rig, max_import_bytes=200)) as client:
        await client.send(sent)
        [problem] = await heard(client)
        assert (problem["status"], client.close_code) == (status, code)


@pytest.mark.parametrize("import_id", [str(new_onboarding_id()), "ffffffff-ffff-7fff-bfff-ffffffffffff", ID])
async def test_an_import_that_nobody_knows_is_told_as_a_problem(rig: Rig, import_id: str) -> None:
    async with listening(Intake(rig, patience=0.5), f"?import_id={import_id}") as client:
        [problem] = await heard(client)
    assert problem["status"] == 404


@pytest.mark.parametrize(("query", "field"), [("?import_id=nonsense", "import_id"), ("?after=-1", "after")])
async def test_a_query_that_wont_do_is_told_as_a_problem(intake: Intake, query: str, field: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with listening(intake, query):
            pass
    assert refused.value.response.status_code == 422
    [error] = json.loads(refused.value.response.body or b"{}")["errors"]
    assert error["field"] == field


async def test_an_import_made_after_all_that_is_stored_is_not_waited_for(rig: Rig) -> None:
    """So it is where all of its records were refused, and nobody else has stored anything since."""
    await rig.scan("s1")
    made = datetime.now(UTC) + 2 * CLOCKS_APART
    import_id = UUID(int=new_onboarding_id().int % (1 << 80) | int(made.timestamp() * 1000) << 80)
    async with listening(Intake(rig, patience=0.5), f"?import_id={import_id}") as client:
        [problem] = await heard(client)
    assert problem["status"] == 404


async def test_where_nothing_can_be_stored_the_client_is_told_to_come_again(intake: Intake, rig: Rig) -> None:
    await rig.client.jetstream().delete_stream("KV_KEYS")
    async with listening(Intake(rig, patience=0.5, import_patience=0.0)) as client:
        await client.send(json.dumps([record(0)]))
        messages = await heard(client)
        assert (messages[-1]["status"], client.close_code) == (503, 1013)


async def test_while_nats_restarts_no_step_is_missed(rig: Rig, intake: Intake) -> None:
    async with listening(intake) as client:
        await client.send(json.dumps([record(0)]))
        await heard(client, count=3)
        scan = await scan_of(intake, "s0")
        rig.server.kill()
        rig.server.start()
        for event in (recorded(scan), ready(scan)):
            await until(lambda event=event: _published(rig, event))
        messages = await heard(client)
    assert [m["event"] for m in messages if "event" in m] == ["device-recorded", "server-ready"]


async def _published(rig: Rig, event: Event) -> bool:
    try:
        return bool(await rig.publish(event))
    except StoreError:
        return False


async def test_the_password_is_told_nowhere(intake: Intake, rig: Rig) -> None:
    async with listening(intake) as client:
        await client.send(json.dumps([record(0, bmc_password=CANARY, bmc_ip=CANARY), CANARY]))
        assert CANARY not in json.dumps(await heard(client))
