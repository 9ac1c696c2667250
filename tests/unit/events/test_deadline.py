"""Delivery rule 8: what becomes of a handling that takes too long."""

import asyncio
import threading

import pytest

from events import deadline
from events.errors import Retry
from events.threads import in_thread


async def test_a_handling_beyond_its_deadline_is_given_up_once_its_thread_has_ended() -> None:
    happened, release = [], threading.Event()

    def write() -> None:
        release.wait()
        happened.append("written")

    async def handle() -> None:
        async with deadline.threads_ended():
            with pytest.raises(Retry, match=r"not done within 0.05 s"):
                await deadline.within(0.05, in_thread(write))
            happened.append("given up")

    handling = asyncio.create_task(handle())
    _, goes_on = await asyncio.wait([handling], timeout=0.5)
    assert goes_on
    release.set()
    await handling
    assert happened == ["written", "given up"]
