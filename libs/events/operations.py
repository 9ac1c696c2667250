"""What operators do, in their own stream: who, when, why."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from pydantic import AwareDatetime, ValidationError

from events.ids import new_onboarding_id
from events.stored import Stored
from events.stream import Stream
from events.subjects import OPERATIONS, operation_subject
from events.types import Frozen


class Operation(Frozen):
    """One action that changed something."""

    verb: str
    target: str
    by: str
    why: str
    at: AwareDatetime
    details: dict[str, str]


class Operations:
    """Writes what one person does."""

    def __init__(self, stream: Stream, by: str) -> None:
        """`stream` is any on the connection; `by` names the person, for whoever asks later."""
        self._stream = Stream(stream.client, OPERATIONS)
        self.by = by

    async def note(self, verb: str, target: str, why: str, **details: str) -> None:
        """Store that it was done."""
        done = Operation(verb=verb, target=target, by=self.by, why=why, at=datetime.now(UTC), details=details)
        subject = operation_subject(verb, target)
        data = json.dumps(done.model_dump(mode="json")).encode()
        await self._stream.publish(subject, data, {}, id=str(new_onboarding_id()))


async def done(stream: Stream) -> AsyncIterator[Operation]:
    """What all of them did, the oldest first; `stream` is any on the connection. Raises `Away`."""
    async for stored in Stream(stream.client, OPERATIONS).read():
        yield _operation(stored)


def _operation(stored: Stored) -> Operation:
    """One that can't be read is shown by its subject and the stream's time: it was done all the same."""
    try:
        return Operation.model_validate_json(stored.data)
    except ValidationError:
        verb, _, target = stored.subject.removeprefix("operations.").partition(".")
        why = "the message can't be read"
        return Operation(verb=verb, target=target, by="", why=why, at=stored.time, details={})
