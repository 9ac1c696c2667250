"""The examples of a subscriber, as the read-only user of the deployment's own NATS configuration.

The one in Go is compiled and run where there is a Go.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import nats
import pytest
import pytest_asyncio

from events.applying import Applier
from events.stream import Stream
from onramp.sandbox.nats import Users, production
from tests.integration.rig import until

EXAMPLES = Path(__file__).parents[2] / "examples/subscribers"
GO = shutil.which("go") or ("go" if "CI" in os.environ else None)

pytestmark = pytest.mark.timeout(600)  # The first test in Go fetches what it needs, and compiles it.


class Subscribers:
    """A NATS with its users, and an example run on it."""

    def __init__(self, command: list[str], url: str, users: Users, folder: Path, stream: Stream) -> None:
        self._command = command
        self._environment = {
            **os.environ,
            "NATS_URL": url,
            "NATS_USER": "reader",
            "NATS_PASSWORD": users.passwords["reader"],
        }
        self._output = folder / "output"
        self._stream = stream

    async def store(self, event: str, *servers: str) -> None:
        """Store an event of each server."""
        for server in servers:
            headers, id = {"ce-id": f"id-{server}"}, f"{event}-{server}"
            await self._stream.publish(f"onboarding.{event}.dcoa.{server}", b"{}", headers, id=id)

    @contextmanager
    def running(self, *arguments: str, **settings: str) -> Iterator[None]:
        with self._output.open("a") as output:
            process = subprocess.Popen(
                [*self._command, *arguments],
                env={**self._environment, **settings},
                stdout=output,
                stderr=output,
            )
        try:
            yield
        finally:
            process.kill()
            process.wait()

    async def printed(self, *servers: str) -> None:
        """Until these servers' events were printed, no others, in this order."""
        await until(lambda: len(self.lines()) >= len(servers))
        assert [re.sub(r".*\.", "", line.strip()) for line in self.lines()] == list(servers)

    def lines(self) -> list[str]:
        return self._output.read_text().splitlines()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The program in Go."""
    program = tmp_path_factory.mktemp("go") / "subscriber"
    for command in (["vet", "./..."], ["build", "-o", str(program), "."]):
        ran = subprocess.run([str(GO), *command], cwd=EXAMPLES / "go", capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
    return str(program)


@pytest.fixture(params=["python", *(["go"] if GO else [])])
def command(request: pytest.FixtureRequest) -> list[str]:
    """How an example is started."""
    if request.param == "go":
        return [request.getfixturevalue("compiled")]
    return [sys.executable, str(EXAMPLES / "subscriber.py")]


@pytest_asyncio.fixture
async def subscribers(command: list[str], tmp_path: Path) -> AsyncIterator[Subscribers]:
    users = Users.fresh()
    process, url = production(tmp_path, users)
    await process.start()
    client = await nats.connect(url, user="operator", password=users.passwords["operator"])
    try:
        stream = Stream(client)
        assert [change async for change in Applier(stream, replicas=1, ack_wait=30).apply({})]
        yield Subscribers(command, url, users, tmp_path, stream)
    finally:
        await client.close()
        await process.stop()


async def test_it_begins_where_it_is_told_and_goes_on_where_it_was(subscribers: Subscribers) -> None:
    await subscribers.store("server-scanned", "s1", "s2", "s3")
    with subscribers.running(START="2"):
        await subscribers.printed("s2", "s3")
    await subscribers.store("server-scanned", "s4")
    with subscribers.running(START="2"):
        await subscribers.printed("s2", "s3", "s4")


async def test_it_replays_from_any_sequence(subscribers: Subscribers) -> None:
    await subscribers.store("server-scanned", "s1", "s2", "s3")
    with subscribers.running(START="3"):
        await subscribers.printed("s3")
    with subscribers.running("--again", START="2"):
        await subscribers.printed("s3", "s2", "s3")


async def test_it_sees_the_events_that_it_asks_for(subscribers: Subscribers) -> None:
    await subscribers.store("server-scanned", "s1")
    await subscribers.store("server-ready", "s2")
    with subscribers.running(START="1", SUBJECT="onboarding.server-ready.*.*"):
        await subscribers.printed("s2")


@pytest.mark.parametrize(
    "settings", [{"DURABLE": "netbox_sync"}, {"SUBJECT": "onboarding.>"}, {"DURABLE": "another"}]
)
async def test_the_reader_may_make_no_other_consumer(
    subscribers: Subscribers, settings: dict[str, str]
) -> None:
    await subscribers.store("server-scanned", "s1")
    with subscribers.running(START="1", **settings):
        await until(lambda: "permissions violation" in "".join(subscribers.lines()).casefold())
