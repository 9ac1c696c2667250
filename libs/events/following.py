"""Following a stream as it grows, without a durable: for projections, watches and the command line."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from time import monotonic

import nats.errors
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig, DeliverPolicy
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from events.store_errors import Away, StoreError, translated
from events.stored import Stored
from events.stream import Stream

EPOCH = datetime.fromtimestamp(0, UTC)
ASKED_EVERY = 5.0
"""Seconds between two questions whether the consumer still stands."""

Start = int | datetime | None
"""A sequence or a time of the stream; `None` is the last message of each subject as it stands."""


async def followed(
    stream: Stream, subject: str, start: Start = None, *, tick: float = 5.0
) -> AsyncGenerator[Stored | None, None]:
    """Each message from `start` on, once, till the connection is closed; `None` after `tick` seconds without.

    When the stream was made anew meanwhile, it begins with the last of each subject again.
    """
    incarnation = None
    while not stream.client.is_closed:
        with suppress(StoreError, APIError, nats.errors.Error):
            created = await stream.created()
            start = None if incarnation not in (None, created) else start
            incarnation = created
            async for stored in _until_stale(stream, subject, start, tick):
                start = stored.sequence + 1 if stored else start
                yield stored
        await asyncio.sleep(0.2)
        yield None


async def standing(stream: Stream, subject: str, start: Start = None) -> AsyncIterator[Stored]:
    """Each message from `start` on that stands now, and then no more. Raises `Away`."""
    try:
        async with translated(), _subscribed(stream, subject, start) as subscription:
            info = await subscription.consumer_info()
            left = (info.num_pending or 0) + (info.delivered.consumer_seq if info.delivered else 0)
            while left:
                message = _waiting(subscription) or await subscription.next_msg(timeout=5)
                left = message.metadata.num_pending
                yield _stored(message)
    except NotFoundError:
        raise Away(f"the stream {stream.name} is gone: run `onramp streams apply` if it is missing") from None


async def _until_stale(
    stream: Stream, subject: str, start: Start, tick: float
) -> AsyncGenerator[Stored | None, None]:
    async with _subscribed(stream, subject, start) as subscription:
        asked_at = monotonic()
        while True:
            yield await _next(subscription, tick)
            if monotonic() - asked_at > ASKED_EVERY:
                # It lives in the server's memory: after a restart it is gone, and only silence tells.
                await subscription.consumer_info()
                asked_at = monotonic()


async def _next(subscription: JetStreamContext.PushSubscription, tick: float) -> Stored | None:
    try:
        return _stored(_waiting(subscription) or await subscription.next_msg(timeout=tick))
    except nats.errors.TimeoutError:
        return None


def _waiting(subscription: JetStreamContext.PushSubscription) -> Msg | None:
    """One of several that have come already: where much goes on, `next_msg` falls behind with its tasks.

    The last of them is left to it: it answers NATS's flow control.
    """
    queue = subscription._pending_queue
    if queue.qsize() < 2:
        return None
    message = queue.get_nowait()
    queue.task_done()
    subscription._pending_size -= len(message.data)
    return message


@asynccontextmanager
async def _subscribed(
    stream: Stream, subject: str, start: Start = None
) -> AsyncIterator[JetStreamContext.PushSubscription]:
    """Each message from `start` on, then each as it is stored."""
    async with translated():
        subscription = await stream.jetstream.subscribe(
            subject, stream=stream.name, ordered_consumer=True, config=_from(start)
        )
    try:
        yield subscription
    finally:
        with suppress(nats.errors.Error):
            await subscription.unsubscribe()


def _from(start: Start) -> ConsumerConfig:
    match start:
        case int():
            return ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=start)
        case datetime():
            return ConsumerConfig(deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=start)
    return ConsumerConfig(deliver_policy=DeliverPolicy.LAST_PER_SUBJECT)


def _stored(message: Msg) -> Stored:
    return Stored(
        message.subject,
        message.metadata.sequence.stream,
        _time(message),
        dict(message.headers or {}),
        message.data,
    )


def _time(message: Msg) -> datetime:
    """When the stream took it, as a direct get tells it: nats-py's is a float's nearest (reply: ADR-15)."""
    tokens = message.reply.split(".")
    nanoseconds = int(tokens[7 if len(tokens) == 9 else 9])
    return EPOCH + timedelta(microseconds=nanoseconds // 1000)
