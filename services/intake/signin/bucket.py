"""One kind of record in the bucket `SESSIONS`, each under a secret that only its browser has."""

import hashlib
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar
from uuid import uuid4

from pydantic import AwareDatetime, ValidationError

from events.store_errors import Overtaken
from events.stored import Stored
from events.stream import Expected, Stream
from events.types import Frozen

SESSIONS = "KV_SESSIONS"
"""The stream under the bucket (nats-io's ADR-8)."""

OPERATION = "KV-Operation"
DELETED = {OPERATION: "DEL"}


class Expiring(Frozen):
    """A record with an end."""

    expires_at: AwareDatetime


R = TypeVar("R", bound=Expiring)


def is_deleted(stored: Stored) -> bool:
    """Whether it says that a record is gone."""
    return OPERATION in stored.headers


def new_secret() -> str:
    """256 random bits, in letters that a cookie and a URL take."""
    return secrets.token_urlsafe(32)


class Records(Generic[R]):
    """The records of a kind. Whoever reads the bucket learns no secret: the key is the secret's digest.

    Every verb raises `StoreError` while the bucket can't be reached.
    """

    def __init__(self, bucket: Callable[[], Stream], kind: str, type: type[R]) -> None:
        self._bucket = bucket
        self._kind = kind
        self._type = type
        self.keys = f"$KV.SESSIONS.{kind}.*"
        """Those of all records."""

    async def put(self, record: R) -> str:
        """Store it; the secret that finds it again."""
        secret = new_secret()
        await self._write(secret, record.model_dump_json().encode(), {}, after=0)
        return secret

    async def find(self, secret: str) -> R | None:
        """The record. Read from the leader: what was deleted is gone at once, on every replica."""
        found = await self._find(secret)
        return found[0] if found else None

    async def take(self, secret: str) -> R | None:
        """The record, for whoever is the first to take it, and from then on for nobody."""
        found = await self._find(secret)
        if found is None:
            return None
        record, stored = found
        try:
            await self._write(secret, b"", DELETED, after=stored.sequence)
        except Overtaken:
            return None
        return record

    async def _find(self, secret: str) -> tuple[R, Stored] | None:
        stored = await self._bucket().last(self.key(secret), from_leader=True)
        if stored is None or is_deleted(stored):
            return None
        try:
            record = self._type.model_validate_json(stored.data)
        except ValidationError:
            return None
        return (record, stored) if record.expires_at > datetime.now(UTC) else None

    async def _write(self, secret: str, data: bytes, headers: dict[str, str], *, after: int) -> None:
        id = str(uuid4())
        await self._bucket().publish(self.key(secret), data, headers, id=id, expected=Expected(after))

    def key(self, secret: str) -> str:
        """The subject that the record of a secret is stored on."""
        return f"$KV.SESSIONS.{self._kind}.{hashlib.sha256(secret.encode()).hexdigest()}"
