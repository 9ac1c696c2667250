"""Which servers still need a sealing key: the newest scan of each, read once from the stream."""

from collections.abc import Callable

from events.following import standing
from events.seal import kid_of
from events.stored import Stored
from events.stream import Stream
from events.subjects import event_subject, parse
from events.types import ServerScanned
from events.values import ServerName

_EVERY_SCAN = event_subject(ServerScanned.name, "*", "*")


class NewestScans:
    """`keys.Scans` over the stream, which is there once the service is connected."""

    def __init__(self, stream: Callable[[], Stream]) -> None:
        self._stream = stream

    async def newest_kids(self) -> dict[ServerName, str]:
        """The key that each server's newest scan is sealed to, whatever its site was told to be.

        Raises `Away` where the stream is.
        """
        scans = standing(self._stream(), _EVERY_SCAN)
        return {ServerName(parse(scan.subject).server): _kid(scan) async for scan in scans}


def _kid(scan: Stored) -> str:
    """The key that a scan is sealed to; none where it can't be read, since then no key opens it."""
    try:
        return kid_of(ServerScanned.model_validate_json(scan.data).sealed_password)
    except ValueError:
        return ""
