"""Keeps a projection up with the stream, whatever becomes of NATS and of the stream."""

import asyncio
import gc
from contextlib import aclosing
from time import monotonic

from events import logs
from events.following import followed, standing
from events.store_errors import StoreError
from events.stream import Stream
from events.subjects import event_subject
from intake.projection.projection import Projection

EVENTS = event_subject("*", "*", "*")
"""Four tokens: what is sent to a step alone once more is none of them."""
LOOK_EVERY = 5.0
"""Seconds after which it is looked whether the stream is still the same one."""
RETRY_AFTER = 0.5
"""Seconds."""


async def follow(projection: Projection, stream: Stream) -> None:
    """Until cancelled, or the connection is closed; then the onlookers may go too."""
    try:
        while not stream.client.is_closed:
            try:
                await catch_up(projection, stream)
                await _keep_up(projection, stream)
            except StoreError as error:
                projection.behind = str(error)
                await asyncio.sleep(RETRY_AFTER)
    finally:
        projection.onlookers.end()


async def catch_up(projection: Projection, stream: Stream) -> None:
    """Take what stands and was not taken yet. Raises `StoreError`."""
    incarnation = await _incarnation(stream)
    if incarnation != projection.position.incarnation:
        projection.begin(incarnation)
    async for stored in standing(stream, EVENTS, projection.position.sequence + 1):
        projection.take(stored)
        projection.behind = f"at message {stored.sequence}"
    projection.behind = ""
    if not projection.complete:
        projection.arrange()
        # What was read stays: looking through it again and again would only hold requests up.
        gc.collect()
        gc.freeze()
        logs.logger().info("caught up", position=str(projection.position))


async def _keep_up(projection: Projection, stream: Stream) -> None:
    """Take each message as it is stored; return when the stream may be another. Raises `StoreError`."""
    look_at = monotonic() + LOOK_EVERY
    messages = followed(stream, EVENTS, projection.position.sequence + 1, tick=LOOK_EVERY)
    async with aclosing(messages):
        async for stored in messages:
            if stored is not None and stored.sequence <= projection.position.sequence:
                return
            if stored is not None:
                projection.take(stored)
            if stored is None or monotonic() > look_at:
                if await _incarnation(stream) != projection.position.incarnation:
                    return
                look_at = monotonic() + LOOK_EVERY


async def _incarnation(stream: Stream) -> str:
    created = await stream.created()
    return created.isoformat(timespec="microseconds").replace("+00:00", "Z")
