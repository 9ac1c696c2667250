"""Bodies that are far too large, sent to a process of its own, whose memory stays as it is."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.integration.intake.a_process import Running, running
from tests.integration.intake.conftest import Intake
from tests.integration.intake.schema_hooks import CANARY, NEVER
from tests.integration.intake.test_bad_bodies import all_refused, is_clear

MIB = 1024 * 1024
CHUNK = f'[{{"bmc_password": "{CANARY}", '.encode().ljust(MIB)
IMPORT = "/api/v1/servers/import"


class Watched:
    """A replica, and the most memory that it had beyond what it began with."""

    def __init__(self, replica: Running) -> None:
        self.replica = replica
        self.http = httpx.AsyncClient(base_url=replica.url, timeout=60)
        self._began = replica.resident
        self.most = 0

    def look(self) -> None:
        self.most = max(self.most, self.replica.resident - self._began)

    async def chunks(self, count: int) -> AsyncIterator[bytes]:
        """So many MiB, with a look at the replica's memory after each."""
        for _ in range(count):
            yield CHUNK
            self.look()

    async def others_are_served(self) -> None:
        """Ask for something small, again and again."""
        while True:
            assert (await self.http.get("/healthz", timeout=20)).status_code == 200
            self.look()


@pytest.fixture
async def watched(intake: Intake, private: dict[str, str], tmp_path: Path) -> AsyncIterator[Watched]:
    async with running(intake.rig, tmp_path, ONRAMP_REQUESTS_PER_ADDRESS="0") as replica:
        watched = Watched(replica)
        warm = await watched.http.post(IMPORT, content=b" " * MIB)
        assert warm.status_code == 415
        yield watched
        await watched.http.aclose()
        log = replica.log.read_text()
    assert not [secret for secret in NEVER if secret in log]
    assert await intake.rig.stream.last("onboarding.>") is None


@pytest.mark.parametrize(
    ("path", "content_types"),
    [
        ("register", ["application/json"]),
        ("check", ["application/json"]),
        ("import", ["application/json", "application/yaml", "text/csv"]),
    ],
)
async def test_a_hundred_mebibytes_are_refused_and_not_kept(
    watched: Watched, path: str, content_types: list[str]
) -> None:
    for content_type in content_types:
        headers = {"Content-Type": content_type}
        answer = await watched.http.post(
            f"/api/v1/servers/{path}", content=watched.chunks(100), headers=headers
        )
        assert answer.status_code == 413
        assert is_clear(answer)
    assert watched.most < 40 * MIB


async def test_a_message_of_a_hundred_mebibytes_is_not_taken(watched: Watched) -> None:
    address = f"{watched.replica.url.replace('http', 'ws')}{IMPORT}/ws"
    async with connect(address) as client:
        with pytest.raises(ConnectionClosed):
            await client.send(watched.chunks(100))
    assert watched.most < 40 * MIB


def costly() -> Iterator[tuple[str, bytes]]:
    """Files of the largest size that is taken, each made to cost a careless reader the most."""
    size = 15 * MIB
    yield "application/json", b"[" * size
    yield "application/json", b'[{"bmc_mac": "' + b"x" * size
    yield "application/json", b"[{" + b",".join(b'"a%d":1' % n for n in range(size // 12)) + b"}]"
    yield "application/json", b"[" + b" " * size + b"]"
    wide = b"{" + b",".join(b'"bmc_mac%d":1' % n for n in range(1000)) + b"}"
    yield "application/json", b"[" + b",".join([wide] * (size // len(wide))) + b"]"
    yield "application/yaml", b"[" * size
    yield "application/yaml", b"- " * (size // 2)
    yield "application/yaml", b"- {" + b"a: b, " * (size // 6) + b"}"
    yield "application/yaml", b"- {" + b"a, " * (size // 3) + b"}"
    yield "application/yaml", b"\n".join([b"- {" + b"a, " * 20_000 + b"}"] * 250)
    yield "text/csv", b"bmc_mac\n" + b"\n" * size
    yield "text/csv", b"bmc_mac\n" + b'"\n",' * (size // 4)
    yield "text/csv", b"bmc_mac\n" + b"," * size
    yield "text/csv", b"," * size


async def test_what_is_costly_to_read_is_refused_while_others_are_served(watched: Watched) -> None:
    serving = asyncio.create_task(watched.others_are_served())
    for content_type, body in costly():
        answer = await watched.http.post(IMPORT, content=body, headers={"Content-Type": content_type})
        assert is_clear(answer) or all_refused(answer), body[:100]
        assert not serving.done()
    serving.cancel()
    assert watched.most < 80 * MIB
