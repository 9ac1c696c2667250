"""The bucket REFERENCE, written only where it differs."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from uuid import uuid4

from pydantic import ValidationError

from events.reference import AS_OF, BUCKET, AsOf
from events.stream import Expected, Stream

STREAM = f"KV_{BUCKET}"
"""The stream under the bucket (nats-io's ADR-8)."""

_DELETED = {"KV-Operation": "DEL"}


class ReferenceBucket:
    """Its values, as one replica reads and writes them. Each verb raises `StoreError`.

    A write is made over the very revision that was read: of two replicas that write at once, one raises
    `Overtaken`, and what the other wrote is as new.
    """

    def __init__(self, stream: Callable[[], Stream]) -> None:
        """`stream`: the one under the bucket, once NATS is connected."""
        self._stream = stream

    async def read_at(self) -> datetime | None:
        """When NetBox was last read, by whatever replica."""
        stored = await self._stream().last(_subject(AS_OF))
        try:
            return AsOf.model_validate_json(stored.data).read_at if stored else None
        except ValidationError:
            return None

    async def keep(self, values: Mapping[str, bytes], read_at: datetime) -> int:
        """Make the bucket hold these values and no others; how many had to be written."""
        unwritten = {_subject(key): value for key, value in values.items()}
        sequences: dict[str, int] = {}
        async for stored in self._stream().read(_subject(">")):
            sequences[stored.subject] = stored.sequence
            value = unwritten.pop(stored.subject, b"")
            if value != stored.data and stored.subject != _subject(AS_OF):
                unwritten[stored.subject] = value
        for subject in sorted(unwritten):
            await self._put(subject, unwritten[subject], sequences)
        as_of = AsOf(read_at=read_at).model_dump_json().encode()
        await self._put(_subject(AS_OF), as_of, sequences)
        return len(unwritten)

    async def _put(self, subject: str, value: bytes, sequences: Mapping[str, int]) -> None:
        """An empty value deletes the key, and so does it read."""
        expected = Expected(sequences.get(subject, 0))
        headers = {} if value else _DELETED
        await self._stream().publish(subject, value, headers, id=str(uuid4()), expected=expected)


def now() -> datetime:
    """To the second: no reader needs more."""
    return datetime.now(UTC).replace(microsecond=0)


def _subject(key: str) -> str:
    return f"$KV.{BUCKET}.{key}"
