"""What the API works on, once NATS is connected: the stream, the buckets, and what is known of them."""

from dataclasses import dataclass

from events.stream import Stream
from intake.claims import CLAIMS, Claims
from intake.feed import Feed
from intake.keys import KEYS, SealingKeys
from intake.lookup import Lookup
from intake.projection import Projection
from intake.reference import Reference
from intake.scans import Scans
from intake.settings import Settings
from intake.sites import REFERENCE, Sites


@dataclass(frozen=True)
class Stores:
    """The stream, what is kept in it and in the buckets, and the projection, which somebody has to follow."""

    stream: Stream
    keys: SealingKeys
    scans: Scans
    reference: Reference
    feed: Feed
    projection: Projection
    lookup: Lookup

    @classmethod
    def on(cls, stream: Stream, settings: Settings) -> "Stores":
        """All of them on the connection of this stream."""

        def bucket(name: str) -> Stream:
            return Stream(stream.client, name, patience=settings.nats_patience)

        keys = SealingKeys(bucket(KEYS), ttl=settings.reference_ttl)
        sites = Sites(bucket(REFERENCE), ttl=settings.reference_ttl)
        reference = Reference(bucket(REFERENCE), ttl=settings.reference_ttl)
        scans = Scans(stream, Claims(bucket(CLAIMS)), keys, sites)
        feed = Feed()
        projection = Projection(feed)
        return cls(stream, keys, scans, reference, feed, projection, Lookup(stream, projection))
