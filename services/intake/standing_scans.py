"""The scans that stand in the stream, as its leader knows them: followers may lag."""

from typing import Any

from nats.js.errors import NotFoundError

from events.standing import scans_of
from events.store_errors import translated
from events.stored import Stored
from events.stream import Stream
from intake.claims import Claim
from intake.scan import Scan


class StandingScans:
    """Every verb raises `StoreError` while the stream can't be reached."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def newest(self, scan: Scan) -> Stored | None:
        """The newest scan of the same server."""
        return await self._stream.last(scans_of(scan.server), from_leader=True)

    async def claimed(self, scan: Scan, claim: Claim) -> int | None:
        """Where the scan of a claim is stored, if it is: a claim may outlive a purge, and the stream itself.

        What newer scans pushed out of the stream was stored all the same.
        """
        newest = await self.newest(scan) if claim.sequence else None
        if newest and claim.sequence and claim.sequence <= newest.sequence:
            return claim.sequence
        return await self._find(scan)

    async def _find(self, scan: Scan) -> int | None:
        """Where a scan stands, whatever its claim says: intake may have died before it completed that."""
        sequence = 0
        while found := await self.at(sequence + 1, scans_of(scan.server)):
            sequence = found.sequence
            if found.onboarding_id == str(scan.onboarding_id):
                return sequence
        return None

    async def at(self, sequence: int, subject: str | None = None) -> Stored | None:
        """The message at a sequence, if it still stands; with a subject, the first on it from there on."""
        raw: Any
        try:
            async with translated():
                raw = await self._stream.jetstream.get_msg(
                    self._stream.name, sequence, subject, next=subject is not None
                )
        except NotFoundError:
            return None
        return Stored(raw.subject, raw.seq, raw.time, dict(raw.headers or {}), raw.data or b"")
