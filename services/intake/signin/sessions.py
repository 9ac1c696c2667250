"""Browsers that are signed in: who each one is, in the bucket `SESSIONS`, so that every replica knows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from events.following import followed
from events.stream import Stream
from intake.signin.bucket import Expiring, Records, is_deleted, new_secret
from intake.signin.roles import Identity
from intake.signin.stays import Stay, Stays


class Session(Expiring):
    """One browser's. What its groups may do is looked up at each request, by the settings of that day."""

    subject: str
    name: str
    groups: tuple[str, ...]
    csrf_token: str

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return Identity(self.subject, self.name, self.groups)


class Sessions:
    """Every verb raises `StoreError` while the bucket can't be reached."""

    def __init__(self, bucket: Callable[[], Stream], lifetime: float) -> None:
        """`lifetime`: seconds."""
        self._bucket = bucket
        self._records = Records(bucket, "session", Session)
        self._stays = Stays()
        self._lifetime = timedelta(seconds=lifetime)

    async def open(self, identity: Identity) -> str:
        """A new session; its secret, made here and now, so that nobody can have planted it."""
        session = Session(
            expires_at=datetime.now(UTC) + self._lifetime,
            subject=identity.subject,
            name=identity.name,
            groups=identity.groups,
            csrf_token=new_secret(),
        )
        return await self._records.put(session)

    async def find(self, secret: str | None) -> Session | None:
        """The session that a cookie speaks of."""
        return await self._records.find(secret) if secret else None

    def stay(self, secret: str) -> Stay:
        """How long the session of a cookie lets listen. Asked before `find`, it misses no end."""
        return self._stays.of(self._records.key(secret))

    async def close(self, secret: str | None) -> None:
        """End it, wherever its cookie is by now."""
        if secret:
            await self._records.take(secret)

    async def follow(self) -> None:
        """Cut off who listens by a session that is closed, on whatever replica, till the connection is."""
        async for stored in followed(self._bucket(), self._records.keys):
            if stored and is_deleted(stored):
                self._stays.end(stored.subject)
