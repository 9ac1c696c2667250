"""What the API works on, once NATS is connected: the stream and the buckets."""

from dataclasses import dataclass

from events.stream import Stream
from intake.claims import CLAIMS, Claims
from intake.keys import KEYS, SealingKeys
from intake.scans import Scans
from intake.settings import Settings
from intake.sites import REFERENCE, Sites


@dataclass(frozen=True)
class Stores:
    """The stream, and what is kept in it and in the buckets."""

    stream: Stream
    keys: SealingKeys
    scans: Scans

    @classmethod
    def on(cls, stream: Stream, settings: Settings) -> "Stores":
        """All of them on the connection of this stream."""

        def bucket(name: str) -> Stream:
            return Stream(stream.client, name, patience=settings.nats_patience)

        keys = SealingKeys(bucket(KEYS), ttl=settings.reference_ttl)
        sites = Sites(bucket(REFERENCE), ttl=settings.reference_ttl)
        return cls(stream, keys, Scans(stream, Claims(bucket(CLAIMS)), keys, sites))
