"""Events as they are stored, over HTTP: nothing missed, nothing twice, and nobody pays for a slow client."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from events.http import served
from events.service import ended
from events.stream import Stream
from events.subjects import event_subject
from intake.feed import Filter, Telling
from intake.feed.feed import MOST_WAITING
from intake.projection import follow
from intake.projection.follower import catch_up
from onramp.sandbox.nats import free_port
from tests.integration.intake.conftest import Intake
from tests.integration.rig import Rig, recorded, until

PATH = "/api/v1/events"


@dataclass
class Event:
    """One that a client dispatches."""

    id: str
    kind: str
    data: Any


class Client:
    """Reads server-sent events as a browser does."""

    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.last_id = ""
        self._lines = answer.aiter_lines()

    async def event(self) -> Event:
        """The next one that has data."""
        kind, data = "", ""
        async for line in self._lines:
            name, _, value = line.partition(": ")
            match name:
                case "id":
                    self.last_id = value
                case "event":
                    kind = value
                case "data":
                    data = value
                case "" if not line and data:
                    return Event(self.last_id, kind, json.loads(data))
        raise EOFError

    async def events(self, count: int) -> list[Event]:
        return [await asyncio.wait_for(self.event(), 20) for _ in range(count)]

    async def sequences(self, count: int) -> list[int]:
        return [event.data["sequence"] for event in await self.events(count)]

    async def opened(self) -> None:
        """Until it is told where it begins."""
        while not self.last_id:
            line = await anext(self._lines)
            self.last_id = line.removeprefix("id: ") if line.startswith("id: ") else ""


class Server:
    """A replica that is really served."""

    def __init__(self, intake: Intake, url: str) -> None:
        self.intake = intake
        self.url = url

    @asynccontextmanager
    async def listening(self, query: str = "", last_id: str | None = None) -> AsyncIterator[Client]:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        async with (
            httpx.AsyncClient(base_url=self.url, timeout=20) as http,
            http.stream("GET", PATH + query, headers=headers) as answer,
        ):
            client = Client(answer)
            if not last_id:
                await client.opened()
            yield client

    @property
    def listeners(self) -> int:
        return len(self.intake.stores.feed)


@asynccontextmanager
async def replica(rig: Rig) -> AsyncIterator[Server]:
    intake, port = Intake(rig, events_heartbeat=0.2, requests_per_address=0.0), free_port()
    stores = intake.stores
    async with served([], intake.app, "127.0.0.1", port, patience=20):
        following = asyncio.create_task(follow(stores.projection, Stream(rig.client, patience=1.0)))
        await until(lambda: stores.projection.complete)
        yield Server(intake, f"http://127.0.0.1:{port}")
        await ended(following)
        await intake.http.aclose()


@pytest.fixture
async def server(rig: Rig) -> AsyncIterator[Server]:
    async with replica(rig) as running:
        yield running


async def test_an_event_comes_as_soon_as_it_is_stored(rig: Rig, server: Server) -> None:
    async with server.listening() as client:
        scan = await rig.scan("s1")
        [event] = await client.events(1)
    created = (await rig.stream.created()).isoformat(timespec="microseconds").replace("+00:00", "Z")
    assert (event.id, event.kind) == (f"{created}-1", "server-scanned")
    assert event.data["onboarding_id"] == str(scan.onboarding_id)
    assert "sealed" not in str(event.data)
    assert client.answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    ("query", "sequences"), [("?site=dcoa", [1, 2, 3]), ("?server=s2", [2, 3]), ("?site=dcoa&server=s1", [1])]
)
async def test_only_what_is_asked_for_comes(
    rig: Rig, server: Server, query: str, sequences: list[int]
) -> None:
    start = f"{server.intake.stores.projection.position.incarnation}-0"
    async with server.listening(query) as live:
        await rig.scan("s1")
        await rig.publish(recorded(await rig.scan("s2")))
        assert await live.sequences(len(sequences)) == sequences
    async with server.listening(query, start) as again:
        assert await again.sequences(len(sequences)) == sequences


@pytest.mark.parametrize("query", ["?site=UP", "?server=a.b", f"?server={'x' * 60}"])
async def test_a_filter_that_fits_nothing_is_refused(server: Server, query: str) -> None:
    answer = await server.intake.http.get(PATH + query)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:onramp:problem:bad-parameter")


async def test_a_client_that_comes_back_misses_nothing_and_gets_nothing_twice(
    rig: Rig, server: Server
) -> None:
    """While others go on storing."""
    total = 600
    storing = asyncio.create_task(_scans(rig, total))
    got: list[int] = []
    last_id = f"{server.intake.stores.projection.position.incarnation}-0"
    while len(got) < total:
        async with server.listening(last_id=last_id) as client:
            got += await client.sequences(min(70, total - len(got)))
            last_id = client.last_id
    await storing
    assert got == list(range(1, total + 1))


async def test_another_replica_goes_on_where_the_first_one_ended(rig: Rig, server: Server) -> None:
    async with server.listening() as client:
        await _scans(rig, 3)
        assert await client.sequences(2) == [1, 2]
    async with replica(rig) as other, other.listening(last_id=client.last_id) as again:
        assert await again.sequences(1) == [3]


@pytest.mark.parametrize("last_id", ["2020-01-01T00:00:00.000000Z-7", "x", "-"])
async def test_an_id_of_another_stream_is_answered_with_a_reset_and_all_that_stands(
    rig: Rig, server: Server, last_id: str
) -> None:
    await _scans(rig, 2)
    async with server.listening(last_id=last_id) as client:
        reset, *events = await client.events(3)
    assert (reset.kind, reset.id) == ("reset", f"{reset.data['stream']}-0")
    assert [event.data["sequence"] for event in events] == [1, 2]


async def test_an_id_from_before_a_restore_of_an_earlier_backup_is_answered_with_a_reset(
    rig: Rig, server: Server
) -> None:
    """The restored stream says that it was made when the lost one was."""
    await _scans(rig, 2)
    later = f"{server.intake.stores.projection.position.incarnation}-9"
    async with server.listening(last_id=later) as client:
        reset, *events = await client.events(3)
    assert reset.kind == "reset"
    assert [event.data["sequence"] for event in events] == [1, 2]


async def test_an_id_that_this_replica_has_not_come_to_yet_is_waited_for(rig: Rig, intake: Intake) -> None:
    stores = intake.stores
    await catch_up(stores.projection, rig.stream)
    await _scans(rig, 1)
    telling = Telling(stores.projection, stores.feed, stores.stream, Filter(), heartbeat=20)
    first = await anext(telling.blocks(f"{stores.projection.position.incarnation}-1"))
    assert first.startswith(b": heartbeat")


async def test_a_stream_made_anew_ends_the_connection_and_the_client_is_told_why(
    rig: Rig, server: Server
) -> None:
    await _scans(rig, 2)
    async with server.listening() as client:
        await rig.stream.jetstream.delete_stream("ONBOARDING")
        await rig.apply()
        await rig.scan("new")
        with pytest.raises(EOFError):
            await asyncio.wait_for(client.event(), 20)
    async with server.listening(last_id=client.last_id) as again:
        reset, event = await again.events(2)
    assert (reset.kind, event.data["server"]) == ("reset", "new")


async def test_a_quiet_client_is_shown_that_it_is_connected_and_how_far_it_is(
    rig: Rig, server: Server
) -> None:
    async with server.listening("?server=s9") as client:
        await rig.scan("s1")
        while not client.last_id.endswith("-1"):
            client.last_id = ""
            await asyncio.wait_for(client.opened(), 5)


async def test_nats_may_be_killed_and_a_client_misses_nothing(rig: Rig, server: Server) -> None:
    async with server.listening() as client:
        await _scans(rig, 2)
        rig.server.kill()
        await until(lambda: not rig.client.is_connected)
        rig.server.start()
        await until(lambda: rig.client.is_connected)
        await rig.scan("after")
        assert await client.sequences(3) == [1, 2, 3]


async def test_five_hundred_listen_at_once_on_one_subscription(rig: Rig, server: Server) -> None:
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(server.listening()) for _ in range(500)]
        await until(lambda: server.listeners == 500)
        await _scans(rig, 5)
        got = await asyncio.gather(*(client.sequences(5) for client in clients))
        [info] = [s for s in await rig.stream.jetstream.streams_info() if s.config.name == "ONBOARDING"]
        consumers = await rig.stream.jetstream.consumers_info("ONBOARDING")
    assert got == [[1, 2, 3, 4, 5]] * 500
    assert info.state.messages == 5
    assert len([one for one in consumers if not one.config.durable_name]) == 1
    await until(lambda: server.listeners == 0)


async def test_a_client_that_does_not_read_is_dropped_and_the_others_get_everything(
    rig: Rig, server: Server
) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect((host, int(port)))
    stuck.sendall(f"GET {PATH} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    async with server.listening() as client:
        await until(lambda: server.listeners == 2)
        storing = asyncio.create_task(_bulky(rig, server))
        reading = asyncio.create_task(client.sequences(MOST_WAITING))
        stored = await storing
        assert await reading + await client.sequences(stored - MOST_WAITING) == list(range(1, stored + 1))
    stuck.close()


async def _bulky(rig: Rig, server: Server) -> int:
    """Store events until a client is dropped; how many."""
    data = json.dumps({"reason": "x" * 10_000}).encode()
    stored = 0
    while server.listeners == 2:
        names = [f"s{stored + number}" for number in range(100)]
        subjects = [event_subject("step-delayed", "dcoa", name) for name in names]
        await asyncio.gather(*(rig.stream.publish(subject, data, {}, id=subject) for subject in subjects))
        stored += len(names)
    return stored


async def _scans(rig: Rig, count: int) -> None:
    for number in range(count):
        await rig.scan(f"s{number}")
