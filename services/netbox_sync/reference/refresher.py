"""When the reference data is read again: on a timer, or when somebody asks for it."""

import asyncio
import json
import random
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

from events import logs
from events.errors import StepError
from events.store_errors import Overtaken, StoreError
from events.values import IpAddress
from netbox_sync.reference.bucket import ReferenceBucket, now
from netbox_sync.reference.shape import shape
from netbox_sync.reference.tables import Tables

SUBJECT = "reference.refresh"
"""Requests to read NetBox again; NetBox's webhook comes here by way of intake."""

SETTLE = 1.0
"""Seconds that a request is given to be followed by others: one change of many objects is many webhooks."""

AGAIN = 30.0
"""Seconds after which a refresh that failed is tried again."""


class Source(Protocol):
    """Where the tables are read."""

    async def read(self) -> Tables:
        """All of them. Raises `StepError`."""


class Refresher:
    """Keeps the bucket at most `interval` seconds old; the replicas share the work by the bucket's age."""

    def __init__(
        self,
        source: Source,
        bucket: ReferenceBucket,
        interval: float,
        infrastructure: Iterable[IpAddress] = (),
    ) -> None:
        self._source = source
        self._bucket = bucket
        self._interval = interval
        self._infrastructure = frozenset(infrastructure)
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. While NetBox or NATS is away, what was kept stays, and grows old."""
        while True:
            try:
                remaining = await self._turn()
            except (StepError, StoreError) as error:
                await self._failed(str(error))
            except Exception as error:  # What nobody thought of must not end the steps beside it.
                await self._failed(f"unexpected: {type(error).__name__}", exc_info=error)
            else:
                _pass_cancellation_on()
                await self._wait(remaining)

    async def answer(self, _payload: bytes) -> bytes:
        """Take a request: NetBox is read soon, once for however many requests come together."""
        self._asked.set()
        return json.dumps({"accepted": True}).encode()

    async def refresh(self) -> None:
        """Read NetBox and write what differs. Raises `StepError`, `StoreError`; `Overtaken` by a replica."""
        read_at = now()
        values = shape(await self._source.read(), self._infrastructure)
        written = await self._bucket.keep(values, read_at)
        logs.logger().info("reference data refreshed", values=len(values), written=written)

    async def _turn(self) -> float:
        """Refresh if it is time; the seconds until it is again."""
        read_at = await self._bucket.read_at()
        remaining = self._interval - (now() - read_at).total_seconds() if read_at else 0.0
        asked = self._asked.is_set()
        if remaining > 0 and not asked:
            return remaining
        # Before the reading: what NetBox changes meanwhile is asked for once more.
        self._asked.clear()
        try:
            await self.refresh()
        except Overtaken:
            # The other may have read before what was asked about had changed.
            if asked:
                self._asked.set()
        return self._interval

    async def _wait(self, seconds: float) -> None:
        # Replicas that waited for the same moment would all read at it.
        spread = random.uniform(1.0, 1.1)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds * spread):
                await self._asked.wait()
                await asyncio.sleep(SETTLE)

    async def _failed(self, reason: str, exc_info: Exception | None = None) -> None:
        logs.logger().warning("reference data not refreshed", reason=reason, exc_info=exc_info)
        self._asked.set()
        await asyncio.sleep(AGAIN)


def _pass_cancellation_on() -> None:
    """Python 3.11's `wait_for`, which nats-py uses, loses a cancellation that comes with its result."""
    task = asyncio.current_task()
    if task and task.cancelling():
        raise asyncio.CancelledError
