"""Delivery rule 12: what lies before a step and what it gave up, measured at every look at its consumer."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime

from nats.js.api import ConsumerConfig, ConsumerInfo

from events import metrics
from events.store_errors import StoreError
from events.stream import Stream
from events.subjects import DEAD_LETTERS


class Backlog:
    """One step's."""

    def __init__(self, stream: Stream, consumer: ConsumerConfig) -> None:
        self._stream = stream
        self._letters = Stream(stream.client, DEAD_LETTERS)
        self._step = str(consumer.durable_name)
        self._subjects = consumer.filter_subjects or []

    async def measure(self, info: ConsumerInfo) -> None:
        """Set the gauges. What can't be read now keeps its last value: the watch says what is missing."""
        metrics.LAG.labels(self._step).set(info.num_pending or 0)
        metrics.UNACKED.labels(self._step).set(info.num_ack_pending or 0)
        with suppress(StoreError):
            metrics.DEAD_LETTERS.labels(self._step).set(await self._letters.count(f"dead.{self._step}.>"))
            metrics.OLDEST.labels(self._step).set(await oldest(self._stream, self._subjects, info))


async def oldest(stream: Stream, subjects: Sequence[str], info: ConsumerInfo) -> float:
    """Seconds since the first message above the ack floor was stored; 0 where nothing is left to do."""
    if not (info.num_pending or info.num_ack_pending) or info.ack_floor is None:
        return 0.0
    start = (info.ack_floor.stream_seq or 0) + 1
    found = [await stream.next(subject, start) for subject in subjects]
    times = [stored.time for stored in found if stored]
    return (datetime.now(UTC) - min(times)).total_seconds() if times else 0.0
