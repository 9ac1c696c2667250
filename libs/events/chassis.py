"""The chassis of one process: for each step its delivery, its subscribers and the watch over its consumer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from faststream.nats import NatsBroker

from events.attempts import AttemptsBucket
from events.dead_letters import DeadLetters
from events.delivery import Delivery, Handler
from events.endings import Endings
from events.fetching import Subscribers
from events.in_hand import InHand
from events.onboardings import Onboardings
from events.publishing import Publisher
from events.readiness import Readiness
from events.settings import ServiceSettings
from events.steps import Step
from events.stream import Stream
from events.stream_watch import StreamWatch
from events.streams import OnboardingLimits, consumer_config, stream_configs
from events.subjects import DEAD_LETTERS
from events.synced import SyncWatch
from events.watch import ConsumerWatch, keep_looking


class Chassis:
    """What the services stand on. Nothing is fetched until `watch` has seen the consumers stand."""

    def __init__(
        self,
        service: str,
        settings: ServiceSettings,
        stream: Stream,
        broker: NatsBroker,
        readiness: Readiness,
    ) -> None:
        self._settings = settings
        self._stream = stream
        self._broker = broker
        self._readiness = readiness
        self._publisher = Publisher(stream, service)
        self._dead_letters = DeadLetters(Stream(stream.client, DEAD_LETTERS), service)
        self._limits = OnboardingLimits()
        self._in_hand = InHand()
        self._consumers: list[ConsumerWatch] = []

    def carry(self, handlers: Iterable[Handler]) -> None:
        """Put the steps together."""
        self._consumers = [self._consumer(handler) for handler in handlers]

    def onboardings(self, step: Step) -> Onboardings:
        """For what runs beside the messages of a step."""
        return Onboardings(self._stream, self._publisher, self._dead_letters, step)

    async def watch(self) -> None:
        """Fetch while all is as it must be, and say so; until cancelled."""
        wanted = stream_configs(self._settings.replicas)
        streams = StreamWatch(self._stream, wanted, self._limits, self._readiness)
        looks: list[Callable[[], Awaitable[None]]] = [
            streams.look,
            *(consumer.look for consumer in self._consumers),
        ]
        if self._settings.nats_monitor_url:
            looks.append(SyncWatch(self._settings.nats_monitor_url, self._readiness).look)
        await keep_looking(looks, self._readiness)

    async def stop(self) -> None:
        """Fetch no more, finish or hand back what is in hand, note the progress."""
        await asyncio.gather(*(consumer.stop() for consumer in self._consumers))

    def _consumer(self, handler: Handler) -> ConsumerWatch:
        step, settings = handler.step, self._settings
        attempts = AttemptsBucket(self._stream, step.name)
        endings = Endings(step.name, attempts, self._dead_letters, self._publisher, self._limits)
        delivery = Delivery(handler, settings, self._stream, endings, self._publisher, self._in_hand)
        subscribers = Subscribers(self._broker, step, delivery.deliver, settings.concurrency)
        wanted = consumer_config(step, ack_wait=settings.ack_wait)
        return ConsumerWatch(self._stream, wanted, subscribers, endings, self._readiness)
