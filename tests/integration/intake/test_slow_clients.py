"""Clients that send slowly, or nothing at all, are cut off in time; nobody else notices."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from time import monotonic

import httpx
import pytest
from websockets.asyncio.client import connect

from tests.integration.intake.a_process import Running, running
from tests.integration.intake.conftest import Intake
from tests.integration.intake.schema_hooks import CANARY
from tests.integration.intake.test_import import record

PATIENCE = 1.5
REGISTER = b"POST /api/v1/servers/register HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
WAITS = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
UPGRADE = (
    b"GET /api/v1/servers/import/ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
UNFINISHED_FRAME = b"\x01\xfe\x7f\xff\0\0\0\0"
"""Text, not the last one, masked with zeros, of 32,767 bytes (RFC 6455, section 5.2)."""


@pytest.fixture
async def replica(intake: Intake, private: dict[str, str], tmp_path: Path) -> AsyncIterator[Running]:
    settings = {"ONRAMP_HTTP_PATIENCE": str(PATIENCE), "ONRAMP_REQUESTS_PER_ADDRESS": "0"}
    async with running(intake.rig, tmp_path, **settings, ONRAMP_EVENTS_HEARTBEAT="1") as replica:
        yield replica


async def until_cut_off(replica: Running, begins: bytes, drop: bytes) -> float:
    """Seconds for which a client that sends a drop now and then keeps its connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", replica.port)
    began = monotonic()
    writer.write(begins)
    with suppress(ConnectionError):
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    if not await reader.read(65536):
                        break
            writer.write(drop)
    writer.close()
    return monotonic() - began


async def others_are_served(replica: Running) -> None:
    async with httpx.AsyncClient(base_url=replica.url, timeout=10) as http:
        while True:
            assert (await http.get("/healthz")).status_code == 200


async def test_whoever_sends_too_slowly_is_cut_off_while_others_are_served(
    intake: Intake, replica: Running
) -> None:
    clients = [
        (b"", b""),
        (b"GET / HTTP/1.1\r\nX: ", b"x"),
        (b"GET / HTTP/1.1\r\n", b"X: x\r\n"),
        (REGISTER + b'Content-Length: 1000\r\n\r\n{"bmc_password": "', b"x"),
        (REGISTER + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n{\r\n"),
        (WAITS + b"Content-Length: 1000\r\n\r\n", b"x"),
        (WAITS + b"\r\n" + REGISTER + b"Content-Length: 1000\r\n\r\n{", b""),
        (WAITS + b"\r\n" + b"GET / HTTP/1.1\r\n", b"X: x\r\n"),
        *[(b"", b"")] * 200,
        *[(REGISTER + b"Content-Length: 1000\r\n\r\n{", b"")] * 50,
    ]
    serving = asyncio.create_task(others_are_served(replica))
    async with asyncio.timeout(PATIENCE + 30):
        kept = await asyncio.gather(*(until_cut_off(replica, *client) for client in clients))
    assert not serving.done()
    serving.cancel()
    assert PATIENCE / 2 < min(kept) <= max(kept) < PATIENCE + 15
    assert await intake.rig.stream.last("onboarding.>") is None


@pytest.mark.parametrize("begins", [UPGRADE, UPGRADE + UNFINISHED_FRAME])
async def test_a_websocket_that_does_not_send_its_file_is_told_so(replica: Running, begins: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", replica.port)
    writer.write(begins)
    await asyncio.wait_for(reader.readuntil(b"nothing came within"), PATIENCE + 15)
    writer.close()


async def test_whoever_listens_is_kept_for_longer(intake: Intake, replica: Running) -> None:
    sockets = f"{replica.url.replace('http', 'ws')}/api/v1/servers/import/ws"
    async with AsyncExitStack() as stack:
        following = await stack.enter_async_context(connect(sockets))
        await following.send(json.dumps([record(0)]))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=replica.url, timeout=20))
        answer = await stack.enter_async_context(http.stream("GET", "/api/v1/events"))
        began, lines = monotonic(), answer.aiter_lines()
        while monotonic() < began + 2 * PATIENCE:
            await anext(lines)
        await (await following.ping())


async def test_a_connection_may_be_used_again(replica: Running) -> None:
    async with httpx.AsyncClient(base_url=replica.url) as http:
        began = monotonic()
        while monotonic() < began + 2 * PATIENCE:
            answer = await http.post("/api/v1/servers/register", content=b"{}")
            assert answer.status_code == 415
        [connection] = http._transport._pool.connections  # type: ignore[attr-defined]
        assert "Request Count: 1," not in repr(connection)


async def test_a_body_that_ends_early_is_not_taken(intake: Intake, replica: Running) -> None:
    body = json.dumps({"device_name": "s1", "bmc_mac": "3CECEFA19CE8", "bmc_password": CANARY}).encode()
    for ending in (b"", b" " * 10):
        reader, writer = await asyncio.open_connection("127.0.0.1", replica.port)
        writer.write(REGISTER + b"Content-Length: 1000\r\n\r\n" + body + ending)
        writer.write_eof()
        assert CANARY.encode() not in await asyncio.wait_for(reader.read(), 20)
        writer.close()
    assert await intake.rig.stream.last("onboarding.>") is None
