"""What is stored, and what is asked to be stored: JetStream in the words that the delivery rules use.

::

    StoreError
    ├── Away        NATS or the stream does not answer: the same publish may be sent again
    │   └── InFlight  10164: another publish under the same check is being decided (R3)
    ├── Overtaken   10071: something newer stands where the publisher expected the last message
    └── Full        the stream takes no more
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, ClassVar

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError, NotFoundError, ServiceUnavailableError

from events.envelope import Message, decode
from events.subjects import ONBOARDING

WRONG_LAST_SEQUENCE = 10071
IN_FLIGHT = 10164
NO_ROOM = {10023, 10047, 10077}
"""Resources or storage exceeded, or the stream's own bound: nats-server's errors.json."""

GONE = {10037, 10043, 10057}
"""No message found, no such sequence, nothing deleted."""


BATCH = 1000
"""Messages that one request asks for."""
ANSWERS_WITHIN = 10.0
"""Seconds for all answers to such a request."""


class StoreError(Exception):
    """NATS did not do what was asked."""


class Away(StoreError):
    """No answer, or no stream to answer."""


class InFlight(Away):
    """The server decides another publish under the same check first."""


class Overtaken(StoreError):
    """The last message under the check is another than the publisher expected."""


class Full(StoreError):
    """The stream refuses new messages: its bound or the disk is reached."""


@dataclass(frozen=True)
class Stored:
    """A message as it stands in a stream."""

    subject: str
    sequence: int
    time: datetime
    headers: Mapping[str, str]
    data: bytes

    @property
    def onboarding_id(self) -> str:
        """Which onboarding it belongs to; empty where it is no event."""
        return self.headers.get("ce-onboardingid", "")

    @property
    def id(self) -> str:
        """Its `ce-id`; empty where it is no event."""
        return self.headers.get("ce-id", "")

    def decoded(self) -> Message:
        """Its event. Raises `Refuse` when it is none."""
        return decode(dict(self.headers), self.data)


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
    """By stream: when it last refused a message of this process for want of room (monotonic seconds)."""

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
        same check that is in flight (R3) is waited out. Raises `Away`, `Overtaken`, `Full`.
        """
        sent = {**headers, "Nats-Msg-Id": id, **(expected.headers() if expected else {})}
        give_up_at = monotonic() + self.patience
        while True:
            try:
                async with translated():
                    ack = await self.jetstream.publish(subject, data, stream=self.name, headers=sent)
                    self.no_room.pop(self.name, None)
                    return ack.seq, bool(ack.duplicate)
            except Full:
                self.no_room[self.name] = monotonic()
                raise
            except InFlight:
                await asyncio.sleep(0.01)
            except Away:
                if monotonic() > give_up_at:
                    raise
                await asyncio.sleep(0.2)

    async def last(self, subject: str, *, from_leader: bool = False) -> Stored | None:
        """The last message on a subject, wildcards allowed. A follower may lag; the leader does not."""
        async with translated():
            try:
                raw = await self.jetstream.get_last_msg(self.name, subject, direct=not from_leader)
            except NotFoundError:
                return None
        return _stored(raw)

    async def at(self, sequence: int) -> Stored | None:
        """The message at a sequence, if it still stands."""
        async with translated():
            try:
                return _stored(await self.jetstream.get_msg(self.name, sequence, direct=True))
            except NotFoundError:
                return None

    async def next(self, subject: str, start: int) -> Stored | None:
        """The first message on matching subjects from a sequence on."""
        async with translated():
            try:
                raw = await self.jetstream.get_msg(self.name, start, subject, direct=True, next=True)
            except NotFoundError:
                return None
        return _stored(raw)

    async def count(self, subject: str) -> int:
        """How many messages stand on matching subjects: one is fetched, NATS says how many follow."""
        found, closing = await self._direct_get({"seq": 1, "batch": 1, "next_by_subj": subject})
        return len(found) + int(closing.get("Nats-Num-Pending", "0"))

    async def last_of_each(self, subjects: Iterable[str]) -> list[Stored]:
        """The last message of every subject that these match, in one request (ADR-31's `multi_last`)."""
        found, _ = await self._direct_get({"multi_last": list(subjects)})
        return found

    async def read(self, subject: str = ">", *, start: int = 1) -> AsyncIterator[Stored]:
        """What stands on matching subjects from a sequence on, a batch a request (ADR-31). Raises `Away`."""
        while True:
            request = {"seq": start, "batch": BATCH, "next_by_subj": subject}
            found, closing = await self._direct_get(request)
            for stored in found:
                yield stored
            if not found or closing.get("Nats-Num-Pending", "0") == "0":
                return
            start = found[-1].sequence + 1

    async def _direct_get(self, request: Mapping[str, object]) -> tuple[list[Stored], Mapping[str, str]]:
        """All that a request of several messages finds, and the headers of the status that closes it."""
        found: list[Stored] = []
        closed: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

        async def take(answer: Msg) -> None:
            headers = answer.headers or {}
            if "Status" not in headers:
                found.append(_direct(answer))
            elif not closed.done():
                closed.set_result(headers)

        inbox = self.client.new_inbox()
        async with translated():
            # A callback: waiting for each message by itself would take as long again as reading it.
            answers = await self.client.subscribe(inbox, cb=take)
            try:
                subject = f"$JS.API.DIRECT.GET.{self.name}"
                await self.client.publish(subject, json.dumps(request).encode(), reply=inbox)
                headers = await asyncio.wait_for(closed, ANSWERS_WITHIN)
            finally:
                await answers.unsubscribe()
        return self._closed(headers["Status"], found), headers

    def _closed(self, status: str, found: list[Stored]) -> list[Stored]:
        """What was found, when the status says that it is all (204) or that there is nothing (404)."""
        if status in {"204", "404"}:
            return found
        if status == "503":
            raise Away(f"the stream {self.name} does not answer: run `onramp streams apply` if it is missing")
        raise Away(f"direct get answered {status}")

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


@asynccontextmanager
async def translated() -> AsyncIterator[None]:
    """Around a call to NATS: its errors in the words above."""
    try:
        yield
    except NotFoundError:
        raise
    except APIError as error:
        if error.err_code == WRONG_LAST_SEQUENCE:
            raise Overtaken(str(error.description)) from error
        if error.err_code == IN_FLIGHT:
            raise InFlight(str(error.description)) from error
        if error.err_code in NO_ROOM:
            raise Full(str(error.description)) from error
        if isinstance(error, ServiceUnavailableError):
            raise Away(f"JetStream is unavailable: {error.description}") from error
        raise Away(f"NATS refuses: {error.description} ({error.err_code})") from error
    except NoStreamResponseError as error:
        raise Away("no stream takes this subject") from error
    except (nats.errors.Error, TimeoutError) as error:
        raise Away(f"NATS does not answer ({type(error).__name__})") from error


def _direct(answer: Msg) -> Stored:
    headers: dict[str, str] = dict(answer.headers or {})
    return Stored(
        subject=headers["Nats-Subject"],
        sequence=int(headers["Nats-Sequence"]),
        time=datetime.fromisoformat(headers["Nats-Time-Stamp"]),
        headers=headers,
        data=answer.data,
    )


def _stored(raw: Any) -> Stored:
    return Stored(raw.subject, raw.seq, raw.time, dict(raw.headers or {}), raw.data or b"")
