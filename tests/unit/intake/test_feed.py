"""Live events are handed to whoever wants them, and nobody waits for a slow one."""

import asyncio

import pytest

from events.stored import Stored
from events.types import DeviceRecorded
from intake.feed.feed import MOST_WAITING, Feed, Filter
from tests.unit.test_fold import event, stored


def told(sequence: int, site: str = "dcoa", server: str = "s1") -> Stored:
    return stored(event(DeviceRecorded, site=site, server=server), sequence)


@pytest.mark.parametrize(
    ("wanted", "sequences"),
    [
        (Filter(), [1, 2, 3]),
        (Filter(site="dcoa"), [1, 2]),
        (Filter(server="s1"), [1, 3]),
        (Filter(site="dcoa", server="s1"), [1]),
        (Filter(site="nowhere"), []),
    ],
)
async def test_a_listener_gets_what_it_wants(wanted: Filter, sequences: list[int]) -> None:
    feed = Feed()
    with feed.listening(wanted) as listener:
        feed.tell("x", told(1))
        feed.tell("x", told(2, server="s2"))
        feed.tell("x", told(3, site="other"))
        assert [block.sequence for block in await listener.take(0.01)] == sequences


async def test_a_slow_listener_is_dropped_and_keeps_nothing_while_others_get_all() -> None:
    feed, got = Feed(), 0
    with feed.listening(Filter()) as slow, feed.listening(Filter()) as quick:
        for sequence in range(1, MOST_WAITING + 2):
            feed.tell("x", told(sequence))
            got += len(await quick.take(1))
        assert (slow.dropped, quick.dropped, got) == (True, False, MOST_WAITING + 1)
        assert (await slow.take(1), len(feed)) == ([], 1)


async def test_a_listener_waits_until_something_comes() -> None:
    feed = Feed()
    with feed.listening(Filter()) as listener:
        waiting = asyncio.create_task(listener.take(60))
        asyncio.get_running_loop().call_soon(feed.tell, "x", told(7))
        assert [block.sequence for block in await waiting] == [7]


async def test_nobody_listens_after_the_end() -> None:
    feed = Feed()
    with feed.listening(Filter()) as listener:
        feed.end()
        assert await listener.take(60) == []
        assert listener.dropped
    assert len(feed) == 0
