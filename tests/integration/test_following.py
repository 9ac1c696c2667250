"""Following a stream as it grows."""

import asyncio
from contextlib import aclosing

import pytest

from events.following import followed, standing
from events.store_errors import Away
from tests.integration.rig import Rig, until

SUBJECT = "onboarding.server-scanned.dcoa.s0"


async def test_what_has_come_already_is_taken_without_a_turn_for_others(rig: Rig) -> None:
    jetstream = rig.client.jetstream()
    await jetstream.publish(SUBJECT, b"0")
    async with aclosing(followed(rig.stream, SUBJECT, 1)) as messages:
        assert await anext(messages)
        came = rig.client.stats["in_msgs"]
        for number in range(1, 60):
            await jetstream.publish(SUBJECT, b"%d" % number)
        await until(lambda: rig.client.stats["in_msgs"] >= came + 2 * 59)
        others = asyncio.Event()
        await anext(messages)
        asyncio.get_running_loop().call_soon(others.set)
        taken = [stored.data for _ in range(50) if (stored := await anext(messages))]
        assert not others.is_set()
    assert taken == [b"%d" % number for number in range(2, 52)]


async def test_what_stands_in_a_stream_that_is_missing_is_told_by_what_makes_it(rig: Rig) -> None:
    await rig.stream.jetstream.delete_stream("ONBOARDING")
    with pytest.raises(Away, match="ONBOARDING is gone: run `onramp streams apply`"):
        await anext(standing(rig.stream, SUBJECT))


async def test_a_followed_message_has_the_time_that_a_read_one_has(rig: Rig) -> None:
    for number in range(50):
        await rig.client.jetstream().publish(SUBJECT, b"%d" % number)
    followed_times = [stored.time async for stored in standing(rig.stream, SUBJECT, 1)]
    assert followed_times == [stored.time async for stored in rig.stream.read(SUBJECT)]
