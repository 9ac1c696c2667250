"""FastStream, seen here and in `connection` only: the subscribers that fetch a step's messages.

Several subscribers on one durable, each fetching one message at a time: concurrency without a local
queue in which messages would pass their ack wait unseen.
"""

import asyncio
from collections.abc import Awaitable, Callable

from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, NatsMessage, PullSub
from faststream.nats.subscriber.usecases import PullStreamSubscriber
from nats.aio.msg import Msg
from nats.js.api import ConsumerConfig

from events.steps import Step
from events.subjects import ONBOARDING

FETCH_TIMEOUT = 5.0
"""Seconds that one fetch waits for a message before it asks again."""


class Subscribers:
    """The subscribers of one step."""

    def __init__(
        self, broker: NatsBroker, step: Step, deliver: Callable[[Msg], Awaitable[None]], concurrency: int
    ) -> None:
        self._subscribers: list[PullStreamSubscriber] = []
        self._deliver = deliver
        self._in_hand: set[asyncio.Future[None]] = set()
        for _ in range(concurrency):
            subscriber = broker.subscriber(
                stream=JStream(ONBOARDING, declare=False),
                durable=step.name,
                config=ConsumerConfig(filter_subjects=step.filter_subjects),
                pull_sub=PullSub(batch_size=1, timeout=FETCH_TIMEOUT),
                ack_policy=AckPolicy.MANUAL,
                no_reply=True,
                decoder=_as_it_is,
            )

            async def handle(message: NatsMessage) -> None:
                await self._take(message.raw_message)

            subscriber(handle)
            assert isinstance(subscriber, PullStreamSubscriber)
            self._subscribers.append(subscriber)

    async def start(self) -> None:
        """Begin to fetch. The consumer must exist: nats-py would make a missing one, from the beginning."""
        for subscriber in self._subscribers:
            await subscriber.start()

    async def stop(self) -> None:
        """Fetch no more; what is in hand is finished, or handed back after the grace period."""
        await asyncio.gather(*(subscriber.stop() for subscriber in self._subscribers))
        late = list(self._in_hand)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    @property
    def running(self) -> bool:
        """Whether every fetch loop still turns."""
        return all(
            subscriber.running and any(not task.done() for task in subscriber.tasks)
            for subscriber in self._subscribers
        )

    async def _take(self, message: Msg) -> None:
        # In a task of its own: the library cancels anew at every await, so that nothing could be handed back.
        task = asyncio.ensure_future(self._deliver(message))
        self._in_hand.add(task)
        task.add_done_callback(self._in_hand.discard)
        await asyncio.shield(task)


async def _as_it_is(message: NatsMessage) -> NatsMessage:
    return message
