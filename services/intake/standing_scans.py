"""The scans that stand in the stream, as its leader knows them: followers may lag."""

from events.standing import scans_of
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
        while found := await self._stream.next(scans_of(scan.server), sequence + 1, from_leader=True):
            sequence = found.sequence
            if found.onboarding_id == str(scan.onboarding_id):
                return sequence
        return None
