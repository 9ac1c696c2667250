"""Events of the past are read from followers that may lag: a client that comes back misses none of them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest

from events.service import ended
from events.stored import Stored
from events.stream import Stream
from intake.feed import Feed, Filter, Telling
from intake.projection import Position, Projection, follow
from tests.integration.rig import Rig, recorded, until


class Lagging(Stream):
    """A follower answers that has one message more each time it is read."""

    has = 1

    async def read(self, subject: str = ">", *, start: int = 1) -> AsyncIterator[Stored]:
        async for stored in super().read(subject, start=start):
            if stored.sequence <= self.has:
                yield stored
        self.has += 1


@pytest.fixture
async def projection(rig: Rig) -> AsyncIterator[Projection]:
    """Caught up with two scans and an event of the first."""
    projection = Projection(Feed())
    await rig.publish(recorded(await rig.scan("s1")))
    await rig.scan("s2")
    following = asyncio.create_task(follow(projection, rig.stream))
    await until(lambda: projection.complete)
    yield projection
    await ended(following)


def told(rig: Rig, projection: Projection, wanted: Filter) -> AsyncGenerator[bytes, None]:
    """All that a client is told that was there when the stream began."""
    telling = Telling(projection, Feed(), Lagging(rig.client), wanted, heartbeat=0.01)
    return telling.blocks(str(Position(projection.position.incarnation, 0)))


@pytest.mark.parametrize(
    ("wanted", "sequences"), [(Filter(), [1, 2, 3]), (Filter(server="s1"), [1, 2]), (Filter(server="s3"), [])]
)
async def test_nothing_that_a_follower_lacks_is_passed_over(
    rig: Rig, projection: Projection, wanted: Filter, sequences: list[int]
) -> None:
    position, got = projection.position, b""
    async with aclosing(told(rig, projection, wanted)) as blocks:
        async for block in blocks:
            got += block
            if block.endswith(f": heartbeat\nid: {position}\n\n".encode()):
                break
    assert [f'{{"sequence":{number},'.encode() in got for number in (1, 2, 3)] == [
        number in sequences for number in (1, 2, 3)
    ]


async def test_an_event_that_was_purged_is_not_waited_for(rig: Rig, projection: Projection) -> None:
    await rig.stream.jetstream.purge_stream("ONBOARDING", subject="onboarding.*.*.s2")
    async with aclosing(told(rig, projection, Filter())) as blocks, asyncio.timeout(5):
        while f"id: {projection.position}" not in (await anext(blocks)).decode():
            pass
