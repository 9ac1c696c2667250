"""What operators do, in their own stream: who, when, why."""

import json
from datetime import UTC, datetime

from events.ids import new_onboarding_id
from events.stream import Stream
from events.subjects import OPERATIONS, operation_subject
from events.types import Frozen


class Operation(Frozen):
    """One action that changed something."""

    verb: str
    target: str
    by: str
    why: str
    at: datetime
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
