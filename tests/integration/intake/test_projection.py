"""The projection is up with the stream, whatever becomes of NATS and of the stream, and writes nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats
import pytest

from events.errors import Retry
from events.fold import fold
from events.service import ended
from events.status import State
from events.stored import Stored
from events.stream import Stream
from events.subjects import event_of_any_site, replay_subject
from events.types import StepDelayed
from intake.problems import NotCaughtUp
from intake.projection import Projection, Wanted, follow
from intake.projection.slim import Slim
from tests.integration.rig import Rig, now, ready, recorded, until

BY_NETBOX = {"ce-source": "/onramp/netbox_sync"}
EVERYTHING = Wanted(limit=500)


class Onlooker:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.ends = 0

    def tell(self, incarnation: str, stored: Stored) -> None:
        self.told.append((incarnation, stored.sequence))

    def end(self) -> None:
        self.ends += 1

    @property
    def sequences(self) -> list[int]:
        return [sequence for _, sequence in self.told]


@asynccontextmanager
async def following(rig: Rig) -> AsyncIterator[tuple[Projection, Onlooker]]:
    onlooker = Onlooker()
    projection = Projection(onlooker)
    task = asyncio.create_task(follow(projection, Stream(rig.client, patience=1.0)))
    try:
        yield projection, onlooker
    finally:
        await ended(task)


def names(projection: Projection, wanted: Wanted = EVERYTHING) -> list[str]:
    return [status.server for status in projection.page(wanted).servers]


async def test_following_ends_with_its_connection(rig: Rig) -> None:
    client = await nats.connect(rig.server.url)
    onlooker = Onlooker()
    projection = Projection(onlooker)
    task = asyncio.create_task(follow(projection, Stream(client, patience=1.0)))
    await until(lambda: projection.complete)
    await client.close()
    await asyncio.wait_for(task, 10)


async def test_it_is_rebuilt_from_the_stream_and_says_the_same_as_the_fold(rig: Rig) -> None:
    first, second = await rig.scan("s1"), await rig.scan("s2")
    for event in (recorded(first), ready(first), recorded(second)):
        await rig.publish(event)
    async with following(rig) as (projection, _):
        await until(lambda: projection.complete)
        for status in projection.page(Wanted()).servers:
            whole = fold(await rig.stored(event_of_any_site("*", status.server)))
            assert whole is not None
            assert status == Slim()(whole)


async def test_before_it_has_caught_up_it_is_not_ready_and_answers_nothing(rig: Rig) -> None:
    projection = Projection(Onlooker())
    with pytest.raises(NotCaughtUp):
        projection.page(Wanted())
    with pytest.raises(Retry, match="not read yet"):
        await projection.check()
    async with following(rig) as (caught_up, _):
        await until(lambda: caught_up.complete)
        await caught_up.check()


async def test_what_is_stored_later_is_there_at_once(rig: Rig) -> None:
    async with following(rig) as (projection, onlooker):
        await until(lambda: projection.complete)
        scan = await rig.scan("s1")
        await rig.publish(recorded(scan), **BY_NETBOX)
        await until(lambda: len(onlooker.told) == 2, seconds=2)
        assert projection.server_of(scan.onboarding_id) == "s1"


async def test_what_is_sent_to_a_step_alone_is_passed_over(rig: Rig) -> None:
    scan = await rig.scan("s1")
    await rig.stream.publish(replay_subject("netbox_sync", "dcoa", "s1"), b"{}", {}, id="replay")
    await rig.publish(recorded(scan), **BY_NETBOX)
    async with following(rig) as (projection, onlooker):
        await until(lambda: projection.complete)
        assert onlooker.sequences == [1, 3]


async def test_nats_may_be_killed_and_nothing_is_missed_or_taken_twice(rig: Rig) -> None:
    async with following(rig) as (projection, onlooker):
        await until(lambda: projection.complete)
        for round in range(3):
            for number in range(20):
                await rig.scan(f"s{round}-{number}")
            rig.server.kill()
            await until(lambda: not rig.client.is_connected)
            rig.server.start()
            await until(lambda: rig.client.is_connected)
        for number in range(20):
            await rig.scan(f"last-{number}")
        await until(lambda: len(onlooker.told) == 80)
        assert onlooker.sequences == list(range(1, 81))
        assert len(names(projection)) == 80


async def test_while_nats_is_away_it_says_so_and_keeps_what_it_has(rig: Rig) -> None:
    await rig.scan("s1")
    async with following(rig) as (projection, _):
        await until(lambda: projection.complete)
        rig.server.kill()
        await until(lambda: bool(projection.behind))
        assert names(projection) == ["s1"]
        rig.server.start()
        await until(lambda: not projection.behind)


@pytest.mark.parametrize("scans", [1, 5])
async def test_a_stream_made_anew_is_read_from_its_start(rig: Rig, scans: int) -> None:
    """With as many messages as the old one had, and with fewer."""
    for number in range(5):
        await rig.scan(f"old-{number}")
    async with following(rig) as (projection, onlooker):
        await until(lambda: projection.complete)
        ends, before = onlooker.ends, projection.position.incarnation
        await rig.stream.jetstream.delete_stream("ONBOARDING")
        await rig.apply()
        for number in range(scans):
            await rig.scan(f"new-{number}")
        await until(lambda: projection.position.incarnation != before and projection.complete)
        await until(lambda: len(onlooker.told) == 5 + scans)
        assert names(projection) == [f"new-{number}" for number in range(scans)]
        assert onlooker.sequences[5:] == list(range(1, scans + 1))
        assert onlooker.ends == ends + 1


async def test_a_server_changes_its_place_in_every_list(rig: Rig) -> None:
    async with following(rig) as (projection, _):
        await until(lambda: projection.complete)
        scan = await rig.scan("s1")
        about = {"onboarding_id": scan.onboarding_id, "server": "s1", "site": "dcoa"}
        delayed = {"step": "netbox_sync", "reason": "away", "attempt": 1, "next_attempt_at": now()}
        await rig.publish(StepDelayed.model_validate({**about, **delayed}))
        await projection.reaches(2, 5)
        assert names(projection, Wanted(state=State.DELAYED, step="netbox_sync")) == ["s1"]
        await rig.publish(recorded(scan), **BY_NETBOX)
        await projection.reaches(3, 5)
        assert names(projection, Wanted(state=State.DELAYED)) == []
        assert names(projection, Wanted(step="vault_writer")) == ["s1"]


async def test_following_writes_nothing(rig: Rig) -> None:
    await rig.scan("s1")
    before = {info.config.name: info.state for info in await rig.stream.jetstream.streams_info()}
    async with following(rig) as (projection, _):
        await until(lambda: projection.complete)
        after = {info.config.name: info.state for info in await rig.stream.jetstream.streams_info()}
    for name, state in before.items():
        assert (name, after[name].last_seq) == (name, state.last_seq)
