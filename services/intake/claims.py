"""Client-made onboarding ids, each claimed for one registration, on whatever replica it arrives.

A phone that queues off line makes the id and may send it again, a year later too. The claim is made
before the scan is published and completed with the stream's sequence after.
"""

from dataclasses import dataclass
from uuid import UUID, uuid4

from events.store_errors import Overtaken
from events.stream import Expected, Stream
from events.types import Frozen
from events.values import ServerName, SiteToken

CLAIMS = "KV_CLAIMS"
"""The stream under the bucket."""


class Claim(Frozen):
    """What an id stands for. `sequence` is there once the scan is known to be stored."""

    server: ServerName
    site: SiteToken
    digest: str
    sequence: int | None = None


@dataclass(frozen=True)
class Claimed:
    """A claim as it stands in the bucket."""

    claim: Claim
    revision: int


class Claims:
    """The bucket. Every verb raises `StoreError` while it can't be reached."""

    def __init__(self, bucket: Stream) -> None:
        self._bucket = bucket

    async def find(self, onboarding_id: UUID) -> Claimed | None:
        """The claim on an id. Read from the leader: a claim that stands is never missed."""
        stored = await self._bucket.last(_key(onboarding_id), from_leader=True)
        return Claimed(Claim.model_validate_json(stored.data), stored.sequence) if stored else None

    async def make(self, onboarding_id: UUID, claim: Claim) -> Claimed:
        """Claim an id. Raises `Overtaken` when a claim stands already."""
        return Claimed(claim, await self._put(onboarding_id, claim, after=0))

    async def complete(self, onboarding_id: UUID, claimed: Claimed, sequence: int) -> None:
        """Note where the scan is stored; somebody else may have done so."""
        complete = claimed.claim.model_copy(update={"sequence": sequence})
        try:
            await self._put(onboarding_id, complete, after=claimed.revision)
        except Overtaken:
            return

    async def _put(self, onboarding_id: UUID, claim: Claim, *, after: int) -> int:
        data = claim.model_dump_json().encode()
        key = _key(onboarding_id)
        revision, _ = await self._bucket.publish(key, data, {}, id=str(uuid4()), expected=Expected(after))
        return revision


def _key(onboarding_id: UUID) -> str:
    return f"$KV.CLAIMS.{onboarding_id}"
