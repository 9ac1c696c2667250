"""Following a stream as it grows, without a durable: for projections, watches and the command line."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from time import monotonic

import nats.errors
from nats.js.api import ConsumerConfig, DeliverPolicy
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


async def _until_stale(stream: Stream, subject: str) -> AsyncIterator[Stored]:
    async with translated():
        config = ConsumerConfig(deliver_policy=DeliverPolicy.LAST_PER_SUBJECT)
        subscription = await stream.jetstream.subscribe(
            subject, stream=stream.name, ordered_consumer=True, config=config
        )
    stale_at = monotonic() + FRESH_FOR
    try:
        while monotonic() < stale_at:
            with suppress(nats.errors.TimeoutError):
                message = await subscription.next_msg(timeout=5)
                yield Stored(
                    message.subject,
                    message.metadata.sequence.stream,
                    message.metadata.timestamp,
                    dict(message.headers or {}),
                    message.data,
                )
    finally:
        with suppress(nats.errors.Error):
            await subscription.unsubscribe()
