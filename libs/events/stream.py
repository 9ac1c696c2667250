"""Reads and publishes on JetStream, in the words that the delivery rules use."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, ClassVar

from nats.aio.client import Client
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NotFoundError

from events.store_errors import Away, Full, InFlight, NoAnswer, translated
from events.stored import ANSWERS_WITHIN, Stored, direct_get
from events.subjects import ONBOARDING

GONE = {10037, 10043, 10057}
"""No message found, no such sequence, nothing deleted: nats-server's errors.json."""

BATCH = 1000
"""Messages that one request asks for."""
REFUSAL_COUNTS = 60.0
SILENCE_COUNTS = 15.0
"""Seconds for which a stream is called full after it refused a message, or confirmed none."""


@dataclass(frozen=True)
class Expected:
    """The publisher's check, made by the server: the last message on `subject` is at `sequence`."""

    sequence: int
    subject: str | None = None
    """Wildcards are allowed; `None` is the subject that is published to."""

    def headers(self) -> dict[str, str]:
        """As nats-server wants it told."""
        named = {"Nats-Expected-Last-Subject-Sequence-Subject": self.subject} if self.subject else {}
        return {"Nats-Expected-Last-Subject-Sequence": str(self.sequence), **named}


class Stream:
    """Reads and publishes on one stream."""

    no_room: ClassVar[dict[str, float]] = {}
    """By stream that had no room for a message of this process: until when that is believed (monotonic)."""

    def __init__(self, client: Client, name: str = ONBOARDING, *, patience: float = 60.0) -> None:
        """`patience`: seconds for which a publish is sent again, with the same id, while NATS is away."""
        self.client = client
        self.name = name
        self.patience = patience
        self.jetstream: JetStreamContext = client.jetstream(timeout=min(5.0, patience))

    async def publish(
        self,
        subject: str,
        data: bytes,
        headers: Mapping[str, str],
        *,
        id: str,
        expected: Expected | None = None,
    ) -> tuple[int, bool]:
        """Store a message and wait for the PubAck: its sequence, and whether `id` stood already.

        A publish that timed out may have landed: it is sent again with the same id. Another one under the
        same check that is in flight (R3) is waited out as long. Raises `Away`, `Overtaken`, `Full`.
        """
        sent = {**headers, "Nats-Msg-Id": id, **(expected.headers() if expected else {})}
        give_up_at, connection = monotonic() + self.patience, self._connection
        while True:
            try:
                async with translated():
                    ack = await self.jetstream.publish(subject, data, stream=self.name, headers=sent)
                    self.no_room.pop(self.name, None)
                    return ack.seq, bool(ack.duplicate)
            except Full:
                self.no_room[self.name] = monotonic() + REFUSAL_COUNTS
                raise
            except Away as away:
                if monotonic() > give_up_at:
                    if isinstance(away, NoAnswer) and connection == self._connection:
                        await self._see_whether_full()
                    raise
                await asyncio.sleep(0.01 if isinstance(away, InFlight) else 0.2)

    @property
    def _connection(self) -> int:
        """Which of the client's connections it has now: what was sent on an earlier one may be lost."""
        return int(self.client.stats["reconnects"])

    async def _see_whether_full(self) -> None:
        """On a full disk, and to who may not, nats-server keeps silent on a publish only. Raises `Full`."""
        with suppress(Away):
            await self.created()
            self.no_room[self.name] = monotonic() + SILENCE_COUNTS
            raise Full(
                f"NATS answers, but confirms nothing on {self.name}: "
                "its disk may be full, or its user may not publish this"
            )

    async def last(self, subject: str, *, from_leader: bool = False) -> Stored | None:
        """The last message on a subject, wildcards allowed. A follower may lag; the leader does not."""
        async with translated():
            try:
                raw = await self.jetstream.get_last_msg(self.name, subject, direct=not from_leader)
            except NotFoundError:
                return None
        return _stored(raw)

    async def at(self, sequence: int, *, from_leader: bool = False) -> Stored | None:
        """The message at a sequence, if it still stands."""
        async with translated():
            try:
                return _stored(await self.jetstream.get_msg(self.name, sequence, direct=not from_leader))
            except NotFoundError:
                return None

    async def next(self, subject: str, start: int, *, from_leader: bool = False) -> Stored | None:
        """The first message on matching subjects from a sequence on."""
        direct = not from_leader
        async with translated():
            try:
                raw = await self.jetstream.get_msg(self.name, start, subject, direct=direct, next=True)
            except NotFoundError:
                return None
        return _stored(raw)

    async def first_since(self, time: datetime) -> int | None:
        """The sequence of the first message that was stored at or after a time, as the leader has it."""
        request = json.dumps({"start_time": time.isoformat()}).encode()
        async with translated():
            try:
                found = await self.jetstream._jsm._api_request(f"$JS.API.STREAM.MSG.GET.{self.name}", request)
            except NotFoundError:
                return None
        return int(found["message"]["seq"])

    async def count(self, subject: str) -> int:
        """How many messages stand on matching subjects: one is fetched, NATS says how many follow."""
        found, closing = await direct_get(
            self.client, self.name, {"seq": 1, "batch": 1, "next_by_subj": subject}
        )
        return len(found) + int(closing.get("Nats-Num-Pending", "0"))

    async def last_of_each(self, subjects: Iterable[str]) -> list[Stored]:
        """The last message of every subject that these match, in one request (ADR-31's `multi_last`)."""
        request = {"multi_last": list(subjects)}
        within = min(ANSWERS_WITHIN, self.patience)
        found, _ = await direct_get(self.client, self.name, request, within=within)
        return found

    async def read(self, subject: str = ">", *, start: int = 1) -> AsyncIterator[Stored]:
        """What stands on matching subjects from a sequence on, a batch a request (ADR-31). Raises `Away`."""
        while True:
            request = {"seq": start, "batch": BATCH, "next_by_subj": subject}
            found, closing = await direct_get(self.client, self.name, request)
            for stored in found:
                yield stored
            if not found or closing.get("Nats-Num-Pending", "0") == "0":
                return
            start = found[-1].sequence + 1

    async def created(self) -> datetime:
        """When the stream was made: its incarnation. Raises `Away` while there is none."""
        async with translated():
            try:
                created = (await self.jetstream._jsm.stream_info(self.name)).created
            except NotFoundError:
                created = None
        if created is None:
            raise Away(f"there is no stream {self.name}")
        return created

    async def delete(self, sequence: int) -> None:
        """Remove a message; one that is gone already is no matter."""
        async with translated():
            try:
                await self.jetstream.delete_msg(self.name, sequence)
            except APIError as error:
                if error.err_code not in GONE:
                    raise


def _stored(raw: Any) -> Stored:
    return Stored(raw.subject, raw.seq, raw.time, dict(raw.headers or {}), raw.data or b"")
