"""Delivery rule 11: the consumers that a service stands on, watched while it runs.

A deleted consumer is silent in NATS: fetches just find nothing. So each is asked after every few
seconds; when it is gone or differs, fetching stops and readiness says so, and when `onramp streams
apply` has mended it, fetching starts again without a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

import nats.errors
from nats.js.api import ConsumerConfig, ConsumerInfo
from nats.js.errors import APIError, NotFoundError

from events.agreement import differences
from events.backlog import Backlog
from events.endings import Endings
from events.progress import Progress
from events.readiness import Readiness
from events.store_errors import StoreError, translated
from events.stream import Stream

EVERY = 3.0
"""Seconds between two looks."""
GROWING_LOOKS = 20
"""Looks in a row at which a backlog has grown, until that is called growing."""


class Fetching(Protocol):
    """The subscribers of one step."""

    async def start(self) -> None:
        """Begin to fetch. The consumer exists."""

    async def stop(self) -> None:
        """Fetch no more; what is in hand is finished."""

    @property
    def running(self) -> bool:
        """Whether every fetch loop still turns."""


class ConsumerWatch:
    """Watches over one step's durable."""

    def __init__(
        self,
        stream: Stream,
        wanted: ConsumerConfig,
        fetching: Fetching,
        endings: Endings,
        readiness: Readiness,
    ) -> None:
        self._stream = stream
        self._wanted = wanted
        self._fetching = fetching
        self._endings = endings
        self._readiness = readiness
        self._name = str(wanted.durable_name)
        self._backlog = Backlog(stream, wanted)
        self._progress = Progress(stream, self._name)
        self._started = False
        self._pending: list[int] = []

    async def look(self) -> None:
        """See how the consumer stands, and fetch or stop fetching accordingly."""
        info, reason = await self._find()
        if info is None:
            await self._stop_fetching()
        elif not self._started:
            await self._fetching.start()
            self._started = True
        if info is not None:
            await self._progress.note(info)
            await self._backlog.measure(info)
            reason = reason or self._trouble(info)
        self._readiness.set(f"consumer {self._name}", reason)

    async def stop(self) -> None:
        """Fetch no more, and note how far the step has come."""
        await self._stop_fetching()
        with suppress(StoreError, APIError, nats.errors.Error):
            info, _ = await self._find()
            if info is not None:
                await self._progress.note(info)

    async def _find(self) -> tuple[ConsumerInfo | None, str]:
        try:
            async with translated():
                info = await self._stream.jetstream._jsm.consumer_info(self._stream.name, self._name)
        except NotFoundError:
            return None, f"the consumer {self._name} is missing: run `onramp streams apply`"
        differs = differences(self._wanted, info.config)
        return info, f"the consumer {self._name} differs: {'; '.join(differs)}" if differs else ""

    def _trouble(self, info: ConsumerInfo) -> str:
        self._pending = [*self._pending, info.num_pending or 0][-GROWING_LOOKS:]
        if not self._fetching.running:
            return "its fetch loop has stopped"
        if self._endings.no_room:
            return "DEAD_LETTERS is full: replay or discard what stands there"
        grew = all(a < b for a, b in zip(self._pending, self._pending[1:], strict=False))
        if grew and len(self._pending) == GROWING_LOOKS:
            return f"its backlog grows: {self._pending[-1]} messages"
        return ""

    async def _stop_fetching(self) -> None:
        if self._started:
            self._started = False
            await self._fetching.stop()


async def keep_looking(looks: list[Callable[[], Awaitable[None]]], readiness: Readiness) -> None:
    """Look again and again, until cancelled."""
    task = asyncio.current_task()
    # Asked after each look too: Python 3.11's `wait_for` loses a cancellation that comes with the answer.
    while task is None or not task.cancelling():
        try:
            for look in looks:
                await look()
            readiness.set("nats", "")
        except (StoreError, APIError, nats.errors.Error) as error:
            readiness.set("nats", str(error) or type(error).__name__)
        await readiness.probe()
        await asyncio.sleep(EVERY)
