"""The watch over the production client, whoever answers; the onboarding it tells of is in memory."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from events.errors import Retry
from events.onboardings import Told
from events.service import ended
from metal3_sync.watch import Watch
from tests.contract.hosts.emulated import Emulated
from tests.contract.hosts.subject import SAMPLE, Machine
from tests.unit.metal3_sync.fake import FakeOnboardings, soon


@asynccontextmanager
async def watching(machine: Machine, stream: FakeOnboardings, **settings: Any) -> AsyncIterator[Watch]:
    told = machine.subject.settings(**settings)
    watch = Watch(machine.subject.cluster(**settings), told.rules)
    running = asyncio.create_task(watch.run(stream))
    try:
        yield watch
        assert not running.done()
    finally:
        await ended(running)


async def enrolled(machine: Machine, stream: FakeOnboardings, **how: Any) -> None:
    """One scan enrolled, and the fact of it in the stream."""
    stream.event = await machine.enroll(**how)
    stream.stored.put_nowait(Told(stream.event, stream.stored_at, 1))


async def readiness(watch: Watch, expected: bool) -> None:
    """Wait until the watch is ready, or is not."""

    deadline = time.monotonic() + 20
    while True:
        try:
            await watch.ready()
            found = True
        except Retry:
            found = False
        if found is expected:
            return
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.05)


@pytest.fixture
def stream() -> FakeOnboardings:
    return FakeOnboardings()


async def test_an_enrolled_host_becomes_ready(machine: Machine, stream: FakeOnboardings) -> None:
    async with watching(machine, stream):
        await enrolled(machine, stream)
        kind, event = await soon(stream.told, 20)
    assert (kind, event.state, event.host.name) == ("ready", "available", machine.name)


async def test_a_host_that_was_ready_before_is_ready_again_for_an_unchanged_rescan(
    machine: Machine, stream: FakeOnboardings
) -> None:
    async with watching(machine, stream):
        await enrolled(machine, stream)
        await soon(stream.told, 20)
        stream.is_open = True
        await enrolled(machine, stream)
        assert (await soon(stream.told, 20))[0] == "ready"


async def test_a_rescan_of_a_provisioned_host_ends_in_ready(
    machine: Machine, stream: FakeOnboardings
) -> None:
    async with watching(machine, stream):
        await enrolled(machine, stream)
        await soon(stream.told, 20)
        machine.put_in("provisioned")
        stream.is_open = True
        await enrolled(machine, stream)
        kind, event = await soon(stream.told, 20)
    assert (kind, event.state) == ("ready", "provisioned")


async def test_a_wrong_password_is_told_and_the_right_one_ends_it(
    machine: Machine, stream: FakeOnboardings
) -> None:
    machine.subject.accept(f"ipmi://{machine.ip}", "right")
    async with watching(machine, stream):
        await enrolled(machine, stream)
        kind, reason = await soon(stream.told, 20)
        assert kind == "delayed"
        assert "Incorrect username or password" in reason
        await enrolled(machine, stream, credentials=replace(SAMPLE, password="right"))
        while kind != "ready":
            kind, _ = await soon(stream.told, 20)


async def test_a_host_that_never_registers_is_given_up(machine: Machine, stream: FakeOnboardings) -> None:
    machine.subject.accept(f"ipmi://{machine.ip}", "right")
    async with watching(machine, stream, registering_deadline=2.5):
        await enrolled(machine, stream)
        kind = ""
        while kind != "failed":
            kind, failure = await soon(stream.told, 20)
    assert failure.culprit == f"BareMetalHost metal3/{machine.name}"


async def test_a_host_that_changed_while_the_history_was_lost_is_seen(
    emulator: Emulated, breakable: Machine, stream: FakeOnboardings
) -> None:
    async with watching(breakable, stream, watch_silence=1.0) as watch:
        await readiness(watch, True)
        emulator.control("watches/hang")
        await enrolled(breakable, stream)
        await breakable.comes_to("available")
        emulator.control("expire")
        emulator.control("watches/resume")
        kind = ""
        while kind != "ready":
            kind, _ = await soon(stream.told, 20)


async def test_a_watch_that_fell_silent_is_made_again(
    emulator: Emulated, breakable: Machine, stream: FakeOnboardings
) -> None:
    async with watching(breakable, stream, watch_silence=1.0) as watch:
        await readiness(watch, True)
        emulator.control("watches/hang")
        try:
            await enrolled(breakable, stream)
            assert (await soon(stream.told, 20))[0] == "ready"
        finally:
            emulator.control("watches/resume")


async def test_silence_is_no_trouble_but_time_to_list_again(emulator: Emulated) -> None:
    cluster = emulator.cluster(watch_silence=0.3)
    emulator.control("watches/hang")
    try:
        await asyncio.wait_for(cluster.follow_hosts(await cluster.hosts_version(), print), 10)
    finally:
        emulator.control("watches/resume")


async def test_an_api_server_that_was_away_is_watched_again(
    emulator: Emulated, breakable: Machine, stream: FakeOnboardings
) -> None:
    async with watching(breakable, stream) as watch:
        await readiness(watch, True)
        with emulator.fault("error", status=503, path="/baremetalhosts$"):
            emulator.control("watches/close")
            await readiness(watch, False)
        await enrolled(breakable, stream)
        assert (await soon(stream.told, 40))[0] == "ready"
        await readiness(watch, True)
