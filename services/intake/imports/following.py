"""The events of every server from a point of the stream on, as they are stored."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import datetime
from time import monotonic

import nats.errors
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import APIError

from events.stream import Stored, StoreError, Stream, translated
from events.subjects import event_subject

EVENTS = event_subject("*", "*", "*")

FRESH_FOR = 300.0
"""Seconds after which the consumer is made anew: one that got lost on the way is not waited for."""
TICK = 0.2
"""Seconds without an event after which the follower may look at something else."""


async def followed(stream: Stream, start: int | datetime) -> AsyncGenerator[Stored | None, None]:
    """Each event from a sequence or a time on, once, for ever; `None` while there is no other."""
    while True:
        with suppress(StoreError, APIError, nats.errors.Error):
            async for stored in _until_stale(stream, start):
                start = stored.sequence + 1 if stored else start
                yield stored
        await asyncio.sleep(TICK)
        yield None


async def _until_stale(stream: Stream, start: int | datetime) -> AsyncGenerator[Stored | None, None]:
    async with translated():
        subscription = await stream.jetstream.subscribe(
            EVENTS, stream=stream.name, ordered_consumer=True, config=_from(start)
        )
    try:
        stale_at = monotonic() + FRESH_FOR
        while monotonic() < stale_at:
            yield await _next(subscription)
    finally:
        with suppress(nats.errors.Error):
            await subscription.unsubscribe()


async def _next(subscription: JetStreamContext.PushSubscription) -> Stored | None:
    try:
        return _stored(await subscription.next_msg(timeout=TICK))
    except nats.errors.TimeoutError:
        return None


def _from(start: int | datetime) -> ConsumerConfig:
    if isinstance(start, int):
        return ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=start)
    return ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=start)


def _stored(message: Msg) -> Stored:
    told = message.metadata
    return Stored(
        message.subject, told.sequence.stream, told.timestamp, dict(message.headers or {}), message.data
    )
