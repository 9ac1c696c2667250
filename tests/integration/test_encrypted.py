"""Where TLS was asked for, nothing is sent in the clear: neither at the start nor when NATS comes back."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from nats.aio.client import Client
from pydantic import SecretStr
from structlog.testing import capture_logs

from events import connection
from events.service import ended
from events.settings import ServiceSettings
from onramp.sandbox.nats import CONFIGURATION, NatsServer, free_port
from tests import engines
from tests.integration.rig import until

REFUSAL = "NotEncrypted: it does not require TLS, which was asked for: nothing was sent to it"


@pytest.fixture
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(ca: trustme.CA, tmp_path: Path) -> Path:
    """What a service is given."""
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return file


@pytest.fixture
def server(ca: trustme.CA, tmp_path: Path) -> Iterator[NatsServer]:
    """One that is not started, and has a certificate."""
    home = tmp_path / "nats"
    home.mkdir()
    ca.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(home / "server.pem"))
    made = NatsServer(home, free_port(), spawn=engines.nats)
    yield made
    made.stop()


def start(server: NatsServer, *, tls: bool) -> None:
    file = server.folder / "server.pem"
    wanted = f'tls {{{{ cert_file: "{file}", key_file: "{file}" }}}}' if tls else ""
    server.configuration = CONFIGURATION + wanted
    server.start()


@asynccontextmanager
async def connecting(url: str, ca_file: Path | None) -> AsyncIterator[list[Client]]:
    """The connection of a service with a password, once there is one."""
    settings = ServiceSettings(
        nats_url=url, nats_ca_file=ca_file, nats_user="ann", nats_password=SecretStr("canary")
    )
    broker = connection.broker("service", settings, on_closed=lambda: None)
    connections: list[Client] = []

    async def connect() -> None:
        connections.append(await broker.connect())

    task = asyncio.create_task(connect())
    try:
        yield connections
    finally:
        await ended(task)
        for made in connections:
            await made.close()


async def test_a_server_without_tls_is_refused_until_it_has_it(server: NatsServer, ca_file: Path) -> None:
    start(server, tls=False)
    with capture_logs() as said:
        async with connecting(server.url, ca_file) as connections:
            await until(lambda: any(entry.get("error") == REFUSAL for entry in said))
            assert not connections
            server.stop()
            start(server, tls=True)
            await until(lambda: bool(connections))


async def test_a_server_that_comes_back_without_tls_is_refused_until_it_has_it(
    server: NatsServer, ca_file: Path
) -> None:
    start(server, tls=True)
    with capture_logs() as said:
        async with connecting(server.url, ca_file) as connections:
            await until(lambda: bool(connections))
            [client] = connections
            server.kill()
            start(server, tls=False)
            await until(lambda: any(entry.get("error") == REFUSAL for entry in said))
            assert not client.is_connected
            server.stop()
            start(server, tls=True)
            await until(lambda: client.is_connected)


@pytest.mark.parametrize("asked_by", ["address", "CA"])
async def test_no_byte_is_sent_in_the_clear(ca_file: Path, asked_by: str) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """As a NATS server that wants a password and has no TLS."""
        info = {"server_id": "x", "version": "2.15.1", "headers": True, "auth_required": True}
        writer.write(f"INFO {json.dumps(info)}\r\n".encode())
        heard.append(await reader.read(1))
        writer.close()

    port = free_port()
    asked = {"address": (f"tls://127.0.0.1:{port}", None), "CA": (f"nats://127.0.0.1:{port}", ca_file)}
    async with await asyncio.start_server(listen, "127.0.0.1", port), connecting(*asked[asked_by]):
        await until(lambda: len(heard) == 2)
    assert heard == [b"", b""]
