"""Ctrl-C ends a sandbox, whatever it is waiting for."""

import asyncio
from contextlib import suppress

import pytest

from onramp.sandbox.run import heeding


async def test_a_cancellation_is_heeded_though_it_is_lost_on_its_way() -> None:
    began, lost = asyncio.Event(), asyncio.Event()

    async def library() -> None:
        with suppress(asyncio.CancelledError):
            began.set()
            await asyncio.Event().wait()
        lost.set()
        await asyncio.Event().wait()

    working = asyncio.create_task(heeding(library()))
    await began.wait()
    working.cancel()
    async with asyncio.timeout(10):
        await asyncio.wait({working})
    assert working.cancelled()
    assert lost.is_set()


async def test_what_comes_of_it_is_handed_on() -> None:
    async def wrong() -> int:
        raise ValueError("wrong")

    async def right() -> int:
        return 5

    assert await heeding(right()) == 5
    with pytest.raises(ValueError, match="wrong"):
        await heeding(wrong())
