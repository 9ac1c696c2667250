"""Whether this NATS user may act as an operator. What is sent for that can be stored by no server."""

from events.ids import new_onboarding_id
from events.store_errors import Overtaken, StoreError
from events.stream import Expected, Stream
from events.subjects import DEAD_LETTERS, OPERATIONS
from onramp.cli.probes.finding import Finding, Health

NEVER = 2**62
"""A sequence that no stream comes to."""


async def permissions(stream: Stream) -> list[Finding]:
    """What an operator does: replay, say so, discard."""
    return [
        await _may_publish(stream, "replay", "onboarding.replay.doctor._.doctor"),
        await _may_publish(Stream(stream.client, OPERATIONS), "record who did what", "operations.doctor._"),
        await _may_delete(stream),
    ]


async def _may_publish(stream: Stream, verb: str, subject: str) -> Finding:
    """Publish under a check that no server can find met: 10071 says that only the check was in the way."""
    hurried = Stream(stream.client, stream.name, patience=1.0)
    try:
        await hurried.publish(subject, b"", {}, id=str(new_onboarding_id()), expected=Expected(NEVER))
    except Overtaken:
        return Finding(f"may {verb}", Health.OK, f"{subject} is open")
    except StoreError as error:
        return _closed(verb, str(error))
    return Finding(
        f"may {verb}", Health.BROKEN, f"{subject} took what its check forbids", "upgrade nats-server"
    )


async def _may_delete(stream: Stream) -> Finding:
    try:
        await Stream(stream.client, DEAD_LETTERS, patience=1.0).delete(NEVER)
    except StoreError as error:
        return _closed("discard", str(error))
    return Finding("may discard", Health.OK, "dead letters can be deleted")


def _closed(verb: str, reason: str) -> Finding:
    do = "needed for operators only: use that NATS user"
    return Finding(f"may {verb}", Health.ATTENTION, f"this user may not ({reason})", do)
