"""Following a stream as it grows, without a durable: for projections, watches and the command line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import monotonic

import nats.errors
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import APIError

from events.stream import Stored, StoreError, Stream, translated

FRESH_FOR = 300.0
"""Seconds after which the last of each subject is read again, so that nothing missed stays missed."""


async def followed(stream: Stream, subject: str) -> AsyncIterator[Stored]:
    """The last message of each subject, then each as it is stored, for ever; some more than once."""
    while True:
        with suppress(StoreError, APIError, nats.errors.Error):
            async for stored in _until_stale(stream, subject):
                yield stored
        await asyncio.sleep(0.5)


async def standing(stream: Stream, subject: str) -> AsyncIterator[Stored]:
    """The last message of each subject as it stands now, and then no more. Raises `Away`."""
    async with translated(), _subscribed(stream, subject) as subscription:
        info = await subscription.consumer_info()
        left = (info.num_pending or 0) + (info.delivered.consumer_seq if info.delivered else 0)
        while left:
            message = await subscription.next_msg(timeout=5)
            left = message.metadata.num_pending
            yield _stored(message)


async def _until_stale(stream: Stream, subject: str) -> AsyncIterator[Stored]:
    async with _subscribed(stream, subject) as subscription:
        stale_at = monotonic() + FRESH_FOR
        while monotonic() < stale_at:
            with suppress(nats.errors.TimeoutError):
                yield _stored(await subscription.next_msg(timeout=5))


@asynccontextmanager
async def _subscribed(stream: Stream, subject: str) -> AsyncIterator[JetStreamContext.PushSubscription]:
    """The last message of each subject, then each as it is stored."""
    async with translated():
        config = ConsumerConfig(deliver_policy=DeliverPolicy.LAST_PER_SUBJECT)
        subscription = await stream.jetstream.subscribe(
            subject, stream=stream.name, ordered_consumer=True, config=config
        )
    try:
        yield subscription
    finally:
        with suppress(nats.errors.Error):
            await subscription.unsubscribe()


def _stored(message: Msg) -> Stored:
    return Stored(
        message.subject,
        message.metadata.sequence.stream,
        message.metadata.timestamp,
        dict(message.headers or {}),
        message.data,
    )
