"""What an operator purged is no longer in the stream; a projection that runs is told by `OPERATIONS`."""

from events.following import followed
from events.standing import scans_of
from events.store_errors import StoreError
from events.stream import Stream
from events.subjects import OPERATIONS, operation_subject
from intake.projection.projection import Projection

SETTLES_WITHIN = 5.0
"""Seconds: a purge is recorded first and done then."""


async def forget_purged(
    projection: Projection, stream: Stream, *, settles_within: float = SETTLES_WITHIN
) -> None:
    """Forget each server of whom nothing stands any more; until cancelled, or the connection is closed."""
    purged: set[str] = set()
    operations = Stream(stream.client, OPERATIONS)
    async for stored in followed(operations, operation_subject("purge", "*"), tick=settles_within):
        if stored is not None:
            purged.add(stored.subject.split(".")[-1])
            continue
        purged = {server for server in purged if not await _looked_at(projection, stream, server)}


async def _looked_at(projection: Projection, stream: Stream, server: str) -> bool:
    """Whether it could be seen if anything stands of the server. It may have been scanned again since."""
    taken = projection.position.sequence
    try:
        scan = await stream.last(scans_of(server), from_leader=True)
    except StoreError:
        return False
    if scan is None:
        projection.forget(server, up_to=taken)
    return True
