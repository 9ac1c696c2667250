"""Delivery rule 5: what is known of a message that waits, kept in the KV bucket `ATTEMPTS`.

`max_deliver` counts naks too, so it can't tell a patient wait from a message that kills its process.
Here each hand-back is recorded. A redelivery without one is only a suspicion: the message is marked
`alone` and handled with nothing else in hand; a delivery that leaves that mark behind is a death.
"""

import random
from datetime import UTC, datetime

from nats.js.errors import KeyNotFoundError
from nats.js.kv import KeyValue

from events.arrival import Arrival
from events.store_errors import translated
from events.stream import Stream
from events.types import Frozen

FIRST_DELAY = 1.0
LONGEST_DELAY = 300.0
UNKNOWN_ERRORS = 8
"""An error that no step names is tried this often before it is dead-lettered."""
DEATHS = 3
"""Deliveries that ended the process, alone in it, before the message is dead-lettered."""


class Attempts(Frozen):
    """One message's record. Times are UTC."""

    handed_back: int = 0
    retries: int = 0
    unknown: int = 0
    deaths: int = 0
    alone: bool = False
    first_failure: datetime | None = None
    last_failure: datetime | None = None
    reason: str = ""
    told_at: datetime | None = None
    backend: str | None = None

    def suspect(self, arrival: Arrival) -> bool:
        """Whether a delivery of it ended without being handed back."""
        return self.alone or arrival.deliveries - 1 > self.handed_back

    def marked(self) -> "Attempts":
        """About to be handled alone; a mark that still stood was left by a death."""
        return self.model_copy(update={"alone": True, "deaths": self.deaths + self.alone})

    def survived(self) -> "Attempts":
        """The record once this delivery came to nothing, but not by a death: the mark goes."""
        return self.model_copy(update={"alone": False, "handed_back": self.handed_back + 1})

    def after(self, reason: str, *, backend: str | None, known: bool, counted: bool) -> "Attempts":
        """The record once this delivery is handed back for `reason`."""
        now = datetime.now(UTC)
        return self.model_copy(
            update={
                "handed_back": self.handed_back + 1,
                "retries": self.retries + (counted and known),
                "unknown": self.unknown + (counted and not known),
                "alone": False,
                "first_failure": self.first_failure or now,
                "last_failure": now,
                "reason": reason,
                "backend": backend,
            }
        )

    def backoff(self) -> float:
        """Seconds until the next attempt: doubling from 1 s to 5 min, spread so that none march in step."""
        exponent = max(self.retries + self.unknown - 1, 0)
        wait: float = min(FIRST_DELAY * 2 ** min(exponent, 20), LONGEST_DELAY)
        return wait * random.uniform(0.8, 1.0)


class AttemptsBucket:
    """The records of one step's messages, by stream sequence."""

    def __init__(self, stream: Stream, step: str) -> None:
        self._stream = stream
        self._step = step
        self._known: KeyValue | None = None
        self._outlived: set[str] = set()
        """Of which this process left a mark that NATS did not let it take back."""

    async def read(self, arrival: Arrival) -> Attempts:
        """Its record; a fresh one where there is none."""
        attempts = await self._read(arrival)
        return attempts.survived() if attempts.alone and self._key(arrival) in self._outlived else attempts

    async def outlive(self, arrival: Arrival, attempts: Attempts) -> None:
        """Take the mark back of a delivery that came to nothing while this process lives on."""
        self._outlived.add(self._key(arrival))
        await self.write(arrival, attempts.survived())

    async def _read(self, arrival: Arrival) -> Attempts:
        async with translated():
            bucket = await self._bucket()
            try:
                entry = await bucket.get(self._key(arrival))
            except KeyNotFoundError:
                return Attempts()
        return Attempts.model_validate_json(entry.value or b"{}")

    async def write(self, arrival: Arrival, attempts: Attempts) -> None:
        """Keep its record."""
        async with translated():
            bucket = await self._bucket()
            record = attempts.model_dump_json(exclude_defaults=True)
            await bucket.put(self._key(arrival), record.encode())
        self._outlived.discard(self._key(arrival))

    async def remove(self, arrival: Arrival) -> None:
        """Forget it: the message is done with."""
        async with translated():
            bucket = await self._bucket()
            await bucket.delete(self._key(arrival))

    async def _bucket(self) -> KeyValue:
        if self._known is None:
            self._known = await self._stream.jetstream.key_value("ATTEMPTS")
        return self._known

    def _key(self, arrival: Arrival) -> str:
        return f"{self._step}.{arrival.sequence}"
