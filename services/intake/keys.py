"""The public sealing keys, from the bucket `KEYS` that vault_writer fills."""

from events import logs
from events.seal import KeyRecord, PublicKey, seal
from events.stored import Stored
from events.stream import Stream
from events.values import MacAddress
from intake.problems import NoSealingKey
from intake.remembered import Remembered

KEYS = "KV_KEYS"
"""The stream under the bucket (nats-io's ADR-8)."""


class SealingKeys:
    """Every key there is. A retired one seals no more; what it sealed is taken until it is withdrawn."""

    def __init__(self, bucket: Stream, *, ttl: float) -> None:
        self._bucket = bucket
        self._records = Remembered(self._read, ttl)

    async def sealing(self) -> list[PublicKey]:
        """The keys that seal, the newest first. Raises `StoreError`, as all here."""
        return _sealing(await self._records.get())

    async def seal(self, password: str, bmc_mac: MacAddress) -> str:
        """Seal with the newest key. Raises `NoSealingKey`."""
        keys = await self.sealing() or _sealing(await self._records.get(ttl=0))
        if not keys:
            raise NoSealingKey
        return seal(password, bmc_mac, keys[0])

    async def knows(self, kid: str) -> bool:
        """Whether what this key sealed can be opened. One made a moment ago is known too."""
        return _holds(await self._records.get(), kid) or _holds(await self._records.get(ttl=0), kid)

    async def _read(self) -> list[KeyRecord]:
        standing = await self._bucket.last_of_each(["$KV.KEYS.>"])
        return [record for stored in standing if (record := _record(stored))]


def _sealing(records: list[KeyRecord]) -> list[PublicKey]:
    newest_first = sorted(records, key=lambda record: record.made_at, reverse=True)
    return [record.key for record in newest_first if not record.retired]


def _holds(records: list[KeyRecord], kid: str) -> bool:
    return any(record.key.kid == kid and not record.withdrawn for record in records)


def _record(stored: Stored) -> KeyRecord | None:
    record = KeyRecord.of(stored.data)
    if stored.data and record is None:
        logs.logger().error("a value in KEYS is no key", subject=stored.subject)
    return record
