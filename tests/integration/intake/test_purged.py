"""A server that `onramp purge` took from the streams is in no list, whichever replica is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from events.operations import Operations
from events.service import ended
from events.store_errors import Away
from events.stored import Stored
from events.stream import Stream
from intake.projection import Projection, Wanted, follow, forget_purged
from tests.integration.cli.conftest import Cli
from tests.integration.intake.test_projection import Onlooker, names
from tests.integration.rig import Rig, recorded, until

SOON = 0.1
"""Seconds in which a purge is done."""


class OnceAway(Stream):
    """The stream does not answer when it is first asked for a last message."""

    asked = 0

    async def last(self, subject: str, *, from_leader: bool = False) -> Stored | None:
        self.asked += 1
        if self.asked == 1:
            raise Away("no leader")
        return await super().last(subject, from_leader=from_leader)


@asynccontextmanager
async def following(rig: Rig, kind: type[Stream] = Stream) -> AsyncIterator[Projection]:
    """A replica's projection, caught up."""
    stream, projection = kind(rig.client, patience=1.0), Projection(Onlooker())
    tasks = [
        asyncio.create_task(follow(projection, stream)),
        asyncio.create_task(forget_purged(projection, stream, settles_within=SOON)),
    ]
    try:
        await until(lambda: projection.complete)
        yield projection
    finally:
        for task in tasks:
            await ended(task)


async def purge(rig: Rig, server: str) -> None:
    await Cli(rig)("purge", server, "--yes", "--why", "a password in its asset tag")


async def test_a_purged_server_is_in_no_list_of_any_replica(rig: Rig) -> None:
    first, second = await rig.scan("dcoa-s1"), await rig.scan("dcoa-s2")
    async with following(rig) as running:
        await purge(rig, "dcoa-s1")
        await until(lambda: names(running) == ["dcoa-s2"])
        assert names(running, Wanted(text="coa-s")) == ["dcoa-s2"]
        assert names(running, Wanted(step="netbox_sync")) == ["dcoa-s2"]
        assert running.server_of(first.onboarding_id) is None
        assert running.server_of(second.onboarding_id) == "dcoa-s2"
        async with following(rig) as later:
            assert names(later) == names(running)


async def test_a_purged_server_that_is_scanned_again_is_listed_once(rig: Rig) -> None:
    await rig.scan("dcoa-s1")
    async with following(rig) as projection:
        await purge(rig, "dcoa-s1")
        await until(lambda: names(projection) == [])
        scan = await rig.scan("dcoa-s1")
        await rig.publish(recorded(scan), **{"ce-source": "/onramp/netbox_sync"})
        await until(lambda: names(projection, Wanted(step="vault_writer")) == ["dcoa-s1"])
        assert names(projection, Wanted(text="s1")) == ["dcoa-s1"]
        assert projection.server_of(scan.onboarding_id) == "dcoa-s1"


async def test_a_server_stays_while_its_purge_is_recorded_and_not_done(rig: Rig) -> None:
    await rig.scan("dcoa-s1")
    await rig.scan("dcoa-s2")
    async with following(rig) as projection:
        await Operations(rig.stream, "ann").note("purge", "dcoa-s1", "typed, and thought better of")
        await purge(rig, "dcoa-s2")
        await until(lambda: "dcoa-s2" not in names(projection))
        assert names(projection) == ["dcoa-s1"]


async def test_what_was_purged_while_nats_was_away_is_forgotten_too(rig: Rig) -> None:
    await rig.scan("dcoa-s1")
    async with following(rig) as projection:
        rig.server.kill()
        await until(lambda: bool(projection.behind))
        rig.server.start()
        await purge(rig, "dcoa-s1")
        await until(lambda: names(projection) == [])


async def test_what_could_not_be_looked_at_is_looked_at_again(rig: Rig) -> None:
    await rig.scan("dcoa-s1")
    async with following(rig, OnceAway) as projection:
        await purge(rig, "dcoa-s1")
        await until(lambda: names(projection) == [])


async def test_what_came_since_it_was_looked_for_is_kept(rig: Rig) -> None:
    async with following(rig) as projection:
        before = projection.position.sequence
        await rig.scan("dcoa-s1")
        await until(lambda: names(projection) == ["dcoa-s1"])
        projection.forget("dcoa-s1", up_to=before)
        assert names(projection) == ["dcoa-s1"]
