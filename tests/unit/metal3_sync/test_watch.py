"""When the watch looks at a host, and what it tells of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.errors import Retry, Unreachable
from events.service import ended
from events.store_errors import Away
from events.values import ServerName
from metal3_sync.handler import FoundHost, FoundSecret
from metal3_sync.watch import Rules, Watch
from metal3_sync.watch.agenda import Agenda
from tests.integration.rig import until

from .fake import FakeCluster, FakeOnboardings, soon
from .samples import CREDENTIALS, SECRET, SERVER, enrolled_event, host, status_with

RULES = Rules("available", 7200, 7200)
GOOD: dict[str, Any] = {"goodCredentials": {"credentials": {"name": SECRET}, "credentialsVersion": "7"}}
READY = host(status=status_with(**GOOD))
BROKEN = host(status=status_with("registering", errorType="registration error", errorMessage="no"))


@dataclass
class FakeHosts(FakeCluster):
    """A cluster whose watch says what the test says; `None` ends it, an exception breaks it."""

    news: asyncio.Queue[str | Exception | None] = field(default_factory=asyncio.Queue)
    lists: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    looks: asyncio.Queue[str] = field(default_factory=asyncio.Queue)

    async def host(self, server: Any) -> FoundHost | None:
        self.looks.put_nowait(server)
        return await super().host(server)

    async def hosts_version(self) -> str:
        self.lists.put_nowait("list")
        return await super().hosts_version()

    async def follow_hosts(self, version: str, changed: Callable[[str], None]) -> None:
        while (said := await self.news.get()) is not None:
            if isinstance(said, Exception):
                raise said
            changed(said)


@asynccontextmanager
async def watching(
    hosts: FakeHosts, onboardings: FakeOnboardings, rules: Rules = RULES
) -> AsyncIterator[Watch]:
    watch = Watch(hosts, rules)
    running = asyncio.create_task(watch.run(onboardings))
    try:
        await soon(hosts.lists)
        yield watch
        assert not running.done()
    finally:
        await ended(running)


@pytest.fixture
def hosts() -> FakeHosts:
    return FakeHosts(hosts={SERVER: host("registering")}, secrets={SECRET: FoundSecret("7", CREDENTIALS)})


@pytest.fixture
def stream() -> FakeOnboardings:
    return FakeOnboardings()


async def test_a_host_that_is_ready_when_it_is_enrolled_is_told_at_once(
    hosts: FakeHosts, stream: FakeOnboardings
) -> None:
    hosts.hosts[SERVER] = READY
    async with watching(hosts, stream):
        stream.store()
        kind, event = await soon(stream.told)
    before = enrolled_event()
    assert (kind, event.state, event.host) == ("ready", "available", before.host)
    assert (event.onboarding_id, event.registration) == (before.onboarding_id, before.registration)


async def test_a_host_is_looked_at_when_it_changes(hosts: FakeHosts, stream: FakeOnboardings) -> None:
    async with watching(hosts, stream):
        stream.store()
        await soon(hosts.looks)
        hosts.hosts[SERVER] = READY
        hosts.news.put_nowait(SERVER)
        assert (await soon(stream.told))[0] == "ready"
        assert hosts.lists.empty()


async def test_every_open_host_is_looked_at_after_each_list(
    hosts: FakeHosts, stream: FakeOnboardings
) -> None:
    async with watching(hosts, stream):
        stream.store()
        await soon(hosts.looks)
        hosts.hosts[SERVER] = READY
        hosts.news.put_nowait(None)
        assert (await soon(stream.told))[0] == "ready"


@pytest.mark.parametrize(
    "error",
    [Unreachable("Kubernetes is away", backend="kubernetes"), TypeError("a line that is no JSON")],
)
async def test_a_watch_that_breaks_is_made_again(
    hosts: FakeHosts, stream: FakeOnboardings, error: Exception
) -> None:
    async with watching(hosts, stream) as watch:
        stream.store()
        await soon(hosts.looks)
        hosts.hosts[SERVER] = READY
        hosts.news.put_nowait(error)
        assert (await soon(stream.told))[0] == "ready"
        await watch.ready()


async def test_the_watch_is_not_ready_while_hosts_cannot_be_listed(
    hosts: FakeHosts, stream: FakeOnboardings
) -> None:
    hosts.failures["hosts_version"] = Retry("grant list")
    async with watching(hosts, stream) as watch:
        await soon(hosts.lists)
        with pytest.raises(Retry, match="grant list"):
            await watch.ready()


async def test_the_watch_is_not_ready_while_it_breaks_and_says_with_what(
    hosts: FakeHosts, stream: FakeOnboardings
) -> None:
    hosts.failures["hosts_version"] = TypeError("secret123")
    async with watching(hosts, stream) as watch:
        await soon(hosts.lists)
        with pytest.raises(Retry, match=r"broke: TypeError$"):
            await watch.ready()


async def test_hosts_of_others_are_not_looked_at(hosts: FakeHosts, stream: FakeOnboardings) -> None:
    hosts.hosts[SERVER] = READY
    async with watching(hosts, stream) as watch:
        hosts.news.put_nowait("Some.Host")
        hosts.news.put_nowait("dcoa-rb06u32")
        stream.store()
        await soon(stream.told)
        await watch.ready()
    assert [hosts.looks.get_nowait() for _ in range(hosts.looks.qsize())] == [SERVER]


async def test_an_onboarding_that_has_ended_is_left_alone(hosts: FakeHosts, stream: FakeOnboardings) -> None:
    hosts.hosts[SERVER] = READY
    stream.is_open = False
    async with watching(hosts, stream):
        stream.store()
        hosts.news.put_nowait(SERVER)
        hosts.news.put_nowait(None)
        await soon(hosts.lists)
    assert (stream.told.empty(), hosts.looks.empty()) == (True, True)


async def test_an_onboarding_that_ends_elsewhere_is_looked_at_once_more_and_then_left_alone(
    hosts: FakeHosts, stream: FakeOnboardings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metal3_sync.watch.watch.LOOK_AGAIN", timedelta(milliseconds=1))
    async with watching(hosts, stream):
        stream.store()
        await soon(hosts.looks)
        stream.is_open = False
        hosts.news.put_nowait(SERVER)
        await until(lambda: stream.asked.qsize() == 2)
        hosts.news.put_nowait(SERVER)
        hosts.news.put_nowait(None)
        await soon(hosts.lists)
    assert stream.asked.qsize() == 2


async def test_a_host_that_metal3_has_no_slot_for_is_looked_at_when_it_changes_only(
    hosts: FakeHosts, stream: FakeOnboardings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metal3_sync.watch.watch.LOOK_AGAIN", timedelta(milliseconds=1))
    hosts.hosts[SERVER] = host(status=status_with("inspecting", operationalStatus="delayed"))
    async with watching(hosts, stream):
        stream.store()
        await soon(hosts.looks)
        hosts.news.put_nowait(None)
        await soon(hosts.lists)
    assert stream.asked.qsize() <= 2


async def test_a_host_that_is_gone_is_told(hosts: FakeHosts, stream: FakeOnboardings) -> None:
    hosts.hosts.clear()
    async with watching(hosts, stream):
        stream.store()
        kind, reason = await soon(stream.told)
    assert (kind, "the BareMetalHost is gone" in reason) == ("delayed", True)


async def test_trouble_is_told_and_then_given_up_without_any_change(
    hosts: FakeHosts, stream: FakeOnboardings
) -> None:
    hosts.hosts[SERVER] = BROKEN
    async with watching(hosts, stream, Rules("available", 0.3, 0.3)):
        stream.store()
        assert await soon(stream.told) == ("delayed", "no")
        kind, failure = await soon(stream.told)
    assert (kind, failure.culprit) == ("failed", f"BareMetalHost metal3/{SERVER}")
    assert "no" in failure.reason


async def test_a_replay_gives_a_host_its_time_again(hosts: FakeHosts, stream: FakeOnboardings) -> None:
    hosts.hosts[SERVER] = BROKEN
    stream.stored_at = datetime(2026, 1, 1, tzinfo=UTC)
    stream.replayed = datetime.now(UTC)
    async with watching(hosts, stream):
        stream.store()
        assert (await soon(stream.told))[0] == "delayed"


async def test_a_host_that_was_given_up_can_still_become_ready(
    hosts: FakeHosts, stream: FakeOnboardings
) -> None:
    hosts.hosts[SERVER] = BROKEN
    stream.stored_at = datetime(2026, 1, 1, tzinfo=UTC)
    async with watching(hosts, stream):
        stream.store()
        assert (await soon(stream.told))[0] == "failed"
        hosts.hosts[SERVER] = READY
        hosts.news.put_nowait(SERVER)
        assert (await soon(stream.told))[0] == "ready"


@pytest.mark.parametrize("error", [Away("NATS is away"), ValueError("nobody foresaw this")])
async def test_a_look_that_fails_does_not_end_the_watch(
    hosts: FakeHosts, stream: FakeOnboardings, error: Exception
) -> None:
    hosts.hosts[SERVER] = READY
    stream.away = [error]
    async with watching(hosts, stream):
        stream.store()
        await soon(stream.asked)
        stream.store()
        assert (await soon(stream.told))[0] == "ready"


@pytest.mark.parametrize("error", [Away("NATS is away"), ValueError("nobody foresaw this")])
async def test_a_look_that_fails_is_not_made_again_at_once(
    hosts: FakeHosts, stream: FakeOnboardings, error: Exception
) -> None:
    stream.away = [error] * 1000
    async with watching(hosts, stream):
        stream.store()
        await soon(stream.asked)
        hosts.news.put_nowait(None)
        await soon(hosts.lists)
    assert stream.asked.empty()


@pytest.mark.parametrize("error", [Away("NATS is away"), ValueError("nobody foresaw this")])
async def test_a_look_that_fails_is_made_again_by_itself(
    hosts: FakeHosts, stream: FakeOnboardings, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("metal3_sync.watch.watch.LOOK_AGAIN", timedelta(milliseconds=50))
    hosts.hosts[SERVER] = READY
    stream.away = [error]
    async with watching(hosts, stream):
        stream.store()
        assert (await soon(stream.told))[0] == "ready"


async def test_where_enrolled_is_enough_no_host_is_read(hosts: FakeHosts, stream: FakeOnboardings) -> None:
    async with watching(hosts, stream, Rules("enrolled", 7200, 7200)):
        stream.store()
        kind, event = await soon(stream.told)
    assert (kind, event.state) == ("ready", "enrolled")
    assert hosts.looks.empty()


OTHER = ServerName("dcoa-rb06u32")


def in_seconds(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def test_a_server_is_in_line_once_however_often_it_changes() -> None:
    agenda = Agenda()
    for server in (SERVER, SERVER, OTHER):
        agenda.now(server)
    assert [await agenda.next(), await agenda.next()] == [SERVER, OTHER]


async def test_a_look_now_takes_the_place_of_a_later_one() -> None:
    agenda = Agenda()
    agenda.later(SERVER, in_seconds(0.01))
    agenda.now(SERVER)
    assert await agenda.next() == SERVER
    agenda.later(OTHER, in_seconds(0.05))
    assert await agenda.next() == OTHER


async def test_a_later_look_takes_the_place_of_the_one_that_was_planned_before() -> None:
    agenda = Agenda()
    agenda.later(SERVER, in_seconds(0.01))
    agenda.later(SERVER, in_seconds(3600))
    agenda.later(OTHER, in_seconds(0.05))
    assert await agenda.next() == OTHER
    agenda.never(SERVER)
