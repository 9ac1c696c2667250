"""An import told as it goes: each record's result, each step of its servers, and what is left at the end."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Annotated
from uuid import UUID

from pydantic import Field

from events import logs
from events.fold import fold
from events.following import followed
from events.stored import Stored
from events.stream import Stream
from events.subjects import event_of_any_site, event_subject
from events.types import ServerScanned
from intake.imports.problems import UnknownImport
from intake.imports.progress import SUPERSEDED, Done, Progress, Step
from intake.imports.results import Accepted, Result
from intake.imports.run import Import
from intake.stores import Stores

EVENTS = event_subject("*", "*", "*")
TICK = 0.2
"""Seconds without an event after which it is looked at what else there is to tell."""
CLOCKS_APART = timedelta(minutes=1)
"""How much later than NATS's the clock of the replica may be that made an import's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The file can be read; with the id, any replica tells what becomes of it."""

    import_id: UUID
    records: Annotated[int, Field(description="How many the file has.")]


Message = Started | Result | Step | Done


class LiveImports:
    """The imports of this replica that are being stored, whether or not anybody still listens."""

    def __init__(self, *, quiet: float) -> None:
        """`quiet`: seconds without a scan after which another replica's import is taken to be stored."""
        self._quiet = quiet
        self._storing: dict[UUID, asyncio.Task[None]] = {}

    async def started(self, run: Import, stores: Stores, turn: ExitStack) -> AsyncGenerator[Message, None]:
        """Store an import, and tell all of it. Raises as `Import.run` does.

        Its `turn` is kept until it is stored.
        """
        last = await _last(stores.stream)
        start = last.sequence + 1 if last else 1
        results: deque[Result] = deque()
        storing = self._store(run, stores, results, turn.pop_all())
        progress = Progress(run.id)
        yield Started(import_id=run.id, records=run.size)
        async with aclosing(followed(stores.stream, EVENTS, start, tick=TICK)) as events:
            async for stored in events:
                all_told = storing.done()
                if stored and (step := progress.take(stored)):
                    yield step
                while results:
                    result = results.popleft()
                    if isinstance(result, Accepted):
                        await _expect(progress, result, start, stores.stream)
                    yield result
                if all_told and progress.settled:
                    break
        storing.result()
        yield progress.done()

    async def again(self, import_id: UUID, after: int, stores: Stores) -> AsyncGenerator[Message, None]:
        """Tell an import's steps that are stored after a sequence. Raises `UnknownImport`."""
        start, last = _made_at(import_id) - CLOCKS_APART, await _last(stores.stream)
        progress = Progress(import_id)
        # Where nothing was stored since the import was made, there is no event to wait for.
        caught_up, last_scan = last is None or last.time < start, monotonic()
        async with aclosing(followed(stores.stream, EVENTS, start, tick=TICK)) as events:
            async for stored in events:
                if stored and (step := progress.take(stored)):
                    if step.event == ServerScanned.name and step.state != SUPERSEDED:
                        last_scan = monotonic()
                    if step.sequence > after:
                        yield step
                caught_up = caught_up or bool(stored and last and stored.sequence >= last.sequence)
                is_stored = import_id not in self._storing and monotonic() > last_scan + self._quiet
                if caught_up and is_stored and progress.settled:
                    break
        if not progress.seen:
            raise UnknownImport("no scan of this import is stored")
        yield progress.done()

    def _store(
        self, run: Import, stores: Stores, results: deque[Result], turn: ExitStack
    ) -> "asyncio.Task[None]":
        """It goes on to its end when the client goes: half an import is worse than one unheard."""
        storing = asyncio.create_task(run.run(stores.scans, results.append))
        self._storing[run.id] = storing
        storing.add_done_callback(lambda _: turn.close())
        storing.add_done_callback(lambda _: self._stored(run.id))
        return storing

    def _stored(self, import_id: UUID) -> None:
        """Its error is told to the client, or, if there is none any more, to the log."""
        storing = self._storing.pop(import_id)
        if not storing.cancelled() and (error := storing.exception()):
            logs.logger().error("an import stopped", import_id=str(import_id), error=type(error).__name__)


async def _expect(progress: Progress, result: Accepted, start: int, stream: Stream) -> None:
    """A scan is followed from its event on, or, where that stood before the import began, as it is now."""
    if result.sequence >= start:
        return progress.expect(result.index)
    status = fold(await stream.last_of_each([event_of_any_site("*", result.server)]))
    progress.join(result.index, status if status and status.onboarding_id == result.onboarding_id else None)
    return None


async def _last(stream: Stream) -> Stored | None:
    """The last event, whatever it is of."""
    return await stream.last(EVENTS, from_leader=True)


def _made_at(import_id: UUID) -> datetime:
    """When a UUIDv7 was made: its first 48 bits are Unix milliseconds (RFC 9562)."""
    if import_id.version != 7:
        raise UnknownImport("no import has such an id")
    try:
        return datetime.fromtimestamp((import_id.int >> 80) / 1000, UTC)
    except (ValueError, OverflowError):
        raise UnknownImport("no import has such an id") from None
