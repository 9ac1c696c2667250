"""One server or one onboarding, read from the stream itself, not from memory.

What was just stored is there; on a cluster it may take the moment that a follower of the stream lags behind.
"""

from dataclasses import dataclass
from uuid import UUID

from events.fold import fold
from events.status import ServerStatus
from events.stored import Stored
from events.stream import Stream
from events.subjects import event_of_any_site, event_subject
from events.values import ServerName
from intake.problems import UnknownServer
from intake.projection import Projection

CATCH_UP_WITHIN = 2.0
"""Seconds to wait for the projection to know of an onboarding that was stored just now."""


@dataclass(frozen=True)
class Found:
    """How an onboarding stands; `superseded_by` is the newest one of that server, where it is another."""

    status: ServerStatus
    superseded_by: UUID | None = None


class Lookup:
    """By a server's name, or by the id of any onboarding of it."""

    def __init__(self, stream: Stream, projection: Projection) -> None:
        self._stream = stream
        self._projection = projection

    async def status(self, named: str) -> Found:
        """How it stands. Raises `UnknownServer`, `NotCaughtUp`, `StoreError`."""
        server, onboarding = await self._resolve(named)
        newest = fold(await self._stream.last_of_each([event_of_any_site("*", server)]))
        if newest is None:
            raise UnknownServer("nothing of this name was ever scanned")
        if onboarding in (None, newest.onboarding_id):
            return Found(newest)
        superseded = fold(await self._events(server, onboarding))
        if superseded is None:
            raise UnknownServer("the events of this onboarding stand no more")
        return Found(superseded, newest.onboarding_id)

    async def timeline(self, named: str) -> list[Stored]:
        """Its events, in order. Raises `UnknownServer`, `NotCaughtUp`, `StoreError`."""
        found = await self._events(*await self._resolve(named))
        if not found:
            raise UnknownServer("nothing of this name was ever scanned")
        return found

    async def _events(self, server: str, onboarding: UUID | None) -> list[Stored]:
        wanted = onboarding and str(onboarding)
        events = self._stream.read(event_of_any_site("*", server))
        return [stored async for stored in events if wanted in (None, stored.onboarding_id)]

    async def _resolve(self, named: str) -> tuple[str, UUID | None]:
        """The server, and the onboarding if it was named by that."""
        try:
            onboarding = UUID(named)
        except ValueError:
            return _server_name(named), None
        server = self._projection.server_of(onboarding) or await self._just_stored(onboarding)
        if server is None:
            raise UnknownServer("no onboarding of this id is stored")
        return server, onboarding

    async def _just_stored(self, onboarding: UUID) -> str | None:
        """The server of an onboarding that the projection may be a moment behind for."""
        last = await self._stream.last(event_subject("*", "*", "*"))
        if last:
            await self._projection.reaches(last.sequence, CATCH_UP_WITHIN)
        return self._projection.server_of(onboarding)


def _server_name(named: str) -> str:
    try:
        return ServerName(named)
    except ValueError:
        raise UnknownServer("nothing of this name was ever scanned") from None
