"""Delivery rule 8: a long step keeps its message alive, and a step that does not end is given up."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

import nats.errors
from nats.aio.msg import Msg

from events import logs, threads
from events.errors import Retry

T = TypeVar("T")

STUCK_AFTER = 60.0
"""Seconds that a thread is given to end after its step's deadline, before the process does."""
STUCK_EXIT = 70


@asynccontextmanager
async def kept_alive(message: Msg, ack_wait: float) -> AsyncIterator[asyncio.Task[None]]:
    """While inside, NATS hears every third of the ack wait that the message is being worked on."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(ack_wait / 3)
            with suppress(nats.errors.Error):
                await message.in_progress()

    beating = asyncio.create_task(beat())
    try:
        yield beating
    finally:
        beating.cancel()


async def within(seconds: float, handling: Awaitable[T]) -> T:
    """The handling's result. Raises `Retry` when it takes longer, and its threads have ended.

    Until then one may still write: whoever had the message meanwhile would be written over.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            return await handling
    except TimeoutError as error:
        if limit.expired():
            await _end_of(threads.running.get() or set())
            raise Retry(f"not done within {seconds:g} s") from error
        raise


@asynccontextmanager
async def threads_ended() -> AsyncIterator[None]:
    """Around a handling: leaves only when its threads have ended, and ends the process when they don't."""
    unfinished: set[asyncio.Future[object]] = set()
    token = threads.running.set(unfinished)
    try:
        yield
    finally:
        threads.running.reset(token)
        await _end_of(unfinished)


async def _end_of(unfinished: set[asyncio.Future[object]]) -> None:
    if unfinished:
        _, stuck = await asyncio.wait(set(unfinished), timeout=STUCK_AFTER)
        if stuck:
            logs.logger().critical("a backend call does not end; the process does", threads=len(stuck))
            os._exit(STUCK_EXIT)
