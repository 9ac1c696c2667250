"""`onramp streams apply`: makes and updates the streams, buckets and consumers, and says what it would do.

A lost consumer is made again from where its step had come to. One whose progress nobody knows starts where
the operator says, never from the beginning of a history by itself: that would run every server through its
step again.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nats.js.api import ConsumerConfig, DeliverPolicy, StreamConfig, StreamInfo
from nats.js.errors import APIError, NotFoundError

from events.agreement import amended, differences
from events.progress import Progress
from events.store_errors import translated
from events.stream import Stream
from events.streams import consumer_configs, stream_configs


@dataclass(frozen=True)
class Change:
    """One thing that was done, would be done, or can't be."""

    kind: str
    name: str
    action: str
    """`create`, `update`, `unchanged` or `blocked`."""
    detail: str = ""


class Applier:
    """Brings NATS to what the configuration says. Without `replicas` or `ack_wait` what stands is kept."""

    def __init__(
        self, stream: Stream, *, replicas: int | None, ack_wait: float | None, dry_run: bool = False
    ) -> None:
        self._stream = stream
        self._manager = stream.jetstream._jsm
        self._replicas = replicas
        self._ack_wait = ack_wait
        self._dry_run = dry_run

    async def apply(self, start_at: Mapping[str, int]) -> AsyncIterator[Change]:
        """Streams first, then consumers. `start_at`: a sequence by step, where the operator names one."""
        wanted = stream_configs(self._replicas)
        found = {str(stream.name): await self._found(str(stream.name)) for stream in wanted}
        # One that is missing is made like the others.
        replicas = self._replicas or next((info.config.num_replicas for info in found.values() if info), None)
        onboarding = found[self._stream.name]
        # Where there was no history, what has come meanwhile is all new.
        start = None if onboarding and onboarding.state.last_seq else 1
        for stream in wanted:
            if info := found[str(stream.name)]:
                yield await self._stream_as_wanted(stream, info.config)
            else:
                yield await self._new_stream(stream.evolve(num_replicas=replicas))
        for consumer in consumer_configs(ack_wait=self._ack_wait):
            yield await self._consumer_as_wanted(consumer, start_at.get(str(consumer.durable_name), start))

    async def _found(self, stream: str) -> StreamInfo | None:
        try:
            async with translated():
                return await self._manager.stream_info(stream)
        except NotFoundError:
            return None

    async def _new_stream(self, wanted: StreamConfig) -> Change:
        if not self._dry_run:
            await self._manager.add_stream(wanted)
        return Change("stream", str(wanted.name), "create")

    async def _stream_as_wanted(self, wanted: StreamConfig, found: StreamConfig) -> Change:
        name = str(wanted.name)
        differs = differences(wanted, found)
        if not differs:
            return Change("stream", name, "unchanged")
        return await self._update(
            "stream", name, differs, self._manager.update_stream, amended(wanted, found)
        )

    async def _consumer_as_wanted(self, wanted: ConsumerConfig, start_at: int | None) -> Change:
        name = str(wanted.durable_name)
        try:
            async with translated():
                found = (await self._manager.consumer_info(self._stream.name, name)).config
        except NotFoundError:
            return await self._new_consumer(wanted, start_at)
        differs = differences(wanted, found)
        if not differs:
            return Change("consumer", name, "unchanged")
        return await self._update("consumer", name, differs, self._add_consumer, amended(wanted, found))

    async def _new_consumer(self, wanted: ConsumerConfig, start_at: int | None) -> Change:
        name = str(wanted.durable_name)
        start = start_at if start_at is not None else await Progress(self._stream, name).next()
        if start is None:
            detail = f"nobody knows how far it had come: name a sequence with --start-at {name}=SEQUENCE"
            return Change("consumer", name, "blocked", detail)
        if start > 1:
            wanted.deliver_policy, wanted.opt_start_seq = DeliverPolicy.BY_START_SEQUENCE, start
        if not self._dry_run:
            await self._add_consumer(wanted)
        return Change("consumer", name, "create", f"from sequence {start}")

    async def _add_consumer(self, wanted: ConsumerConfig) -> None:
        await self._manager.add_consumer(self._stream.name, wanted)

    async def _update(
        self,
        kind: str,
        name: str,
        differs: list[str],
        update: Callable[[Any], Awaitable[object]],
        wanted: object,
    ) -> Change:
        detail = "; ".join(differs)
        if self._dry_run:
            return Change(kind, name, "update", detail)
        try:
            await update(wanted)
        except APIError as error:
            return Change(kind, name, "blocked", f"{detail}: NATS answers {error.description}")
        return Change(kind, name, "update", detail)
