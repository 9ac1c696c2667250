"""One import: looked through as a whole first, then stored, many records at a time."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from time import monotonic
from uuid import UUID

from opentelemetry.trace import SpanKind

from events import logs, telemetry
from events.ids import new_onboarding_id
from events.store_errors import StoreError
from events.threads import in_thread
from intake.imports import reading
from intake.imports.duplicates import Clashes, clashes
from intake.imports.formats import Record, records
from intake.imports.results import Accepted, Refused, Result
from intake.problems import BadRegistration, NoSealingKey, Problem, TooLarge, Unavailable
from intake.registration import without_password
from intake.scan import Scan
from intake.scans import Glance, Scans
from intake.settings import Settings

MOST_RECORDS = 10_000
BATCH = 50
"""Records whose servers are looked up in one request, which NATS answers with 1,024 messages at most."""
LANES = 4
"""Batches in hand: one is looked up and sealed while NATS writes the others."""
AGAIN_AFTER = 0.5
"""Seconds until a record that NATS did not take is sent again."""

Told = Callable[[Result], None]


@dataclass
class Import:
    """A file that can be read, with what two of its records both claim. Its `id` is on all of its scans."""

    body: bytes
    media_type: str
    settings: Settings
    registered_by: str | None
    size: int
    clashes: Clashes
    id: UUID = field(default_factory=new_onboarding_id)
    stopped: Problem | None = None
    """Why the records that are left are not even tried."""

    @classmethod
    async def of(
        cls, body: bytes, media_type: str, settings: Settings, registered_by: str | None
    ) -> "Import":
        """Look a file through. Raises `Unreadable`, and `TooLarge` for too many records."""
        size, found = await in_thread(_survey, body, media_type, settings.name_pattern)
        return cls(body, media_type, settings, registered_by, size, found)

    async def run(self, scans: Scans, told: Told) -> None:
        """Store what can be taken. `told` gets the result of each record, in no order.

        Raises `Unavailable` when nothing was stored because nothing can be, for whatever record.
        """
        results = {Accepted: 0, Refused: 0}

        def counted(result: Result) -> None:
            results[type(result)] += 1
            told(result)

        left = records(self.body, self.media_type)
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(self._lane(left, scans, counted))
        logs.logger().info(
            "imported", import_id=str(self.id), accepted=results[Accepted], refused=results[Refused]
        )
        if self.stopped and not results[Accepted]:
            raise self.stopped

    async def _lane(self, left: Iterator[Record], scans: Scans, told: Told) -> None:
        while batch := list(islice(left, BATCH)):
            # Where nothing of a batch is left to store, nothing else lets other requests have their turn.
            await asyncio.sleep(0)
            taken: list[tuple[Record, Scan]] = []
            for record in batch:
                try:
                    taken.append((record, self._read(record)))
                except Problem as problem:
                    told(Refused.of(record, problem))
            glance = await self._glance(scans, [scan for _, scan in taken])
            stored = (self._store(record, scan, scans, glance) for record, scan in taken)
            for result in await asyncio.gather(*stored):
                told(result)

    def _read(self, record: Record) -> Scan:
        if clash := self.clashes.get(record.index):
            raise BadRegistration(without_password(clash, reading.renamed(record.fields)))
        scan = reading.read(record, self.settings, self.registered_by)
        return replace(scan, import_id=self.id, import_index=record.index)

    async def _glance(self, scans: Scans, taken: list[Scan]) -> Glance | None:
        """What saves each of them a look; where it can't be had, each looks itself."""
        if self.stopped or not taken:
            return None
        try:
            return await scans.glance(scan.server for scan in taken)
        except StoreError:
            return None

    async def _store(self, record: Record, scan: Scan, scans: Scans, glance: Glance | None) -> Result:
        give_up_at = monotonic() + self.settings.import_patience
        while not self.stopped:
            try:
                with telemetry.span("register", {}, SpanKind.INTERNAL, **scan.known_as):
                    return Accepted.of(record, await scans.store(scan, glance))
            except NoSealingKey as problem:
                self.stopped = problem
            except Problem as problem:
                return Refused.of(record, problem)
            except StoreError as error:
                if monotonic() > give_up_at:
                    self.stopped = Unavailable(str(error))
                await asyncio.sleep(AGAIN_AFTER)
        return Refused.of(record, self.stopped)


def _survey(body: bytes, media_type: str, name_pattern: str) -> tuple[int, Clashes]:
    file = _File(body, media_type)
    found = clashes(file, name_pattern)
    return file.size, found


@dataclass
class _File:
    """The records of a file, each time from the first one on, and how many they are."""

    body: bytes
    media_type: str
    size: int = 0

    def __iter__(self) -> Iterator[Record]:
        self.size = 0
        for record in records(self.body, self.media_type):
            self.size += 1
            if self.size > MOST_RECORDS:
                raise TooLarge(f"at most {MOST_RECORDS} records are taken at once")
            yield record
