"""Delivery rule 6: the full copy of a message whose step gave up, kept until an operator acts.

A dead letter's subject holds the sequence of the message that failed, so that one message has one; its
id is its own sequence in `DEAD_LETTERS`.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote
from uuid import uuid4

from events import subjects
from events.arrival import ORIGINAL_SEQUENCE
from events.attempts import Attempts
from events.envelope import percent_encode
from events.standing import envelope_of
from events.store_errors import Overtaken
from events.stored import Stored
from events.stream import Expected, Stream
from events.subjects import dead_letter_subject

PREFIX = "onramp-"


@dataclass(frozen=True)
class Failure:
    """Why a step gave up."""

    reason: str
    error_type: str
    culprit: str | None = None


@dataclass(frozen=True)
class DeadLetter:
    """A dead letter as it stands."""

    id: int
    stored: Stored
    step: str
    site: str
    server: str
    service: str
    failure: Failure
    attempts: int
    first_failure: datetime | None
    last_failure: datetime | None
    original_subject: str
    original_sequence: int

    @classmethod
    def of(cls, stored: Stored) -> "DeadLetter":
        """Read it back from the stream `DEAD_LETTERS`; one that no step put there says so."""
        _, step, site, server, *_ = [*stored.subject.split("."), "_", "_", "_"]
        said = {k.removeprefix(PREFIX): unquote(v) for k, v in stored.headers.items() if k.startswith(PREFIX)}
        return cls(
            id=stored.sequence,
            stored=stored,
            step=step,
            site=site,
            server=server,
            service=said.get("service", "unknown"),
            failure=Failure(
                said.get("reason", "no step put it here"), said.get("error-type", ""), said.get("culprit")
            ),
            attempts=_number(said.get("attempts")),
            first_failure=_time(said.get("first-failure")),
            last_failure=_time(said.get("last-failure")),
            original_subject=said.get("subject", ""),
            original_sequence=_number(said.get("sequence")),
        )

    def superseded_by(self, scan: int) -> bool:
        """Whether a scan of its server, at that sequence, came after it: then nothing would act on it."""
        return scan > self.original_sequence > 0


class DeadLetters:
    """Writes and removes the dead letters of one service."""

    def __init__(self, stream: Stream, service: str) -> None:
        self._stream = stream
        self._service = service

    async def put(self, step: str, message: Stored, failure: Failure, attempts: Attempts) -> str:
        """Keep the message; its subject. One that stands already is kept. Raises `Full`, `Away`."""
        address = subjects.parse(message.subject)
        said = {
            "service": self._service,
            "reason": failure.reason,
            "error-type": failure.error_type,
            "culprit": failure.culprit,
            "attempts": str(attempts.handed_back),
            "first-failure": _text(attempts.first_failure or attempts.last_failure),
            "last-failure": _text(attempts.last_failure),
            "subject": message.subject,
            "sequence": message.headers.get(ORIGINAL_SEQUENCE, str(message.sequence)),
        }
        headers = {f"{PREFIX}{name}": percent_encode(value) for name, value in said.items() if value}
        subject = dead_letter_subject(step, address.site, address.server, message.sequence)
        sent = {**envelope_of(message.headers), **headers}
        with suppress(Overtaken):  # It stands: an earlier delivery of this message got as far as this.
            # An id of its own: one that was removed within the duplicate window must not swallow this one.
            await self._stream.publish(subject, message.data, sent, id=str(uuid4()), expected=Expected(0))
        return subject

    async def remove(self, id: int | None) -> None:
        """Take a dead letter away, where there is one: its replay got its message through."""
        if id is not None:
            await self._stream.delete(id)

    async def of_step(self, step: str, server: str) -> list[DeadLetter]:
        """The dead letters of one server's step."""
        found = await self._stream.last_of_each([f"dead.{step}.*.{server}.*"])
        return [DeadLetter.of(stored) for stored in found]


def replay_headers(letter: DeadLetter) -> Mapping[str, str]:
    """What a dead letter's message travels with when it is sent again: its own envelope and its place."""
    return {**envelope_of(letter.stored.headers), ORIGINAL_SEQUENCE: str(letter.original_sequence)}


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo else None


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() else 0
