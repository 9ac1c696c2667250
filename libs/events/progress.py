"""How far a step has come, noted where it outlives the step's consumer: in the bucket `PROGRESS`.

A note says that when it was stored, all up to a sequence was done. What was stored after it is not, whatever
its sequence: a stream that was deleted and made again counts from 1, and one restored from a backup goes on
from an earlier end. So the times that NATS stored note and message at decide. The stream's own `created`
could not: a restored stream has a new one.
"""

import json
from datetime import UTC, datetime

from nats.js.api import ConsumerInfo

from events.store_errors import translated
from events.stream import Stream


class Progress:
    """One step's. Each verb raises `StoreError` when NATS does not answer."""

    def __init__(self, stream: Stream, step: str) -> None:
        self._stream = stream
        self._step = step
        self._noted = -1

    async def note(self, info: ConsumerInfo) -> None:
        """Write the consumer's ack floor, if it is another than last time."""
        floor = info.ack_floor.stream_seq if info.ack_floor else None
        if floor is None or floor == self._noted:
            return
        async with translated():
            bucket = await self._stream.jetstream.key_value("PROGRESS")
            value = {"ack_floor": floor, "at": datetime.now(UTC).isoformat()}
            await bucket.put(self._step, json.dumps(value).encode())
        self._noted = floor

    async def next(self) -> int | None:
        """The first sequence that may not be done; `None` where nobody knows."""
        notes = Stream(self._stream.client, "KV_PROGRESS")
        note = await notes.last(f"$KV.PROGRESS.{self._step}", from_leader=True)
        if note is None or not note.data:
            return None
        after = int(json.loads(note.data)["ack_floor"]) + 1
        since = await self._stream.first_since(note.time)
        return after if since is None else min(after, since)
