"""Ids that come out the same however often a fact is told, so that NATS can drop the second telling."""

import hashlib
import json
import os
import time
from uuid import UUID, uuid5

from events.types import Event, StepDelayed, StepFailed


def new_onboarding_id() -> UUID:
    """A UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then random bits."""
    value = (time.time_ns() // 1_000_000 << 80) | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def event_id(event: Event, *, telling: int = 0) -> UUID:
    """The `ce-id` of an event; `telling` sets apart the delays and failures of replays and revisions.

    `telling` is the sequence of the message that is told of.
    """
    if isinstance(event, StepDelayed | StepFailed):
        return uuid5(event.onboarding_id, f"{event.name}:{event.step}:{telling}:{event.attempt}")
    return uuid5(event.onboarding_id, event.name)


def revision_id(event: Event, *, revises: int) -> UUID:
    """The `ce-id` of an event that says something else than the one that stands at sequence `revises`.

    Its content is in it; the sequence sets apart a fact that comes true again after another one.
    """
    content = json.dumps(event.content(), sort_keys=True).encode()
    return uuid5(event.onboarding_id, f"{event.name}:{revises}:{hashlib.sha256(content).hexdigest()}")
