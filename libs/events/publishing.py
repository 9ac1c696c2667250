"""Delivery rules 2 and 4, done once: a follow-on is published under the newest-scan check, and not twice.

What stands already with the same content is not told again; what stands with other content is revised.
"""

from collections.abc import Mapping

from events import telemetry
from events.envelope import encode
from events.errors import Refuse
from events.ids import event_id, revision_id
from events.store_errors import Overtaken
from events.stored import Stored
from events.stream import Expected, Stream
from events.subjects import event_subject
from events.types import ENDS, Event


class Publisher:
    """Publishes the events of one service."""

    def __init__(self, stream: Stream, source: str) -> None:
        self.stream = stream
        self.source = source

    async def follow(self, event: Event, expected: Expected, *, may_stand: bool) -> bool:
        """Publish a follow-on or an end, once. True when it was published, False when it stood.

        Raises `Overtaken` when a newer scan of the server stands.
        """
        standing = await self._standing(event) if may_stand else None
        if standing and (isinstance(event, ENDS) or _same(standing, event)):
            return False
        duplicate = await self._publish(event, expected, revises=standing)
        if duplicate and not isinstance(event, ENDS):
            standing = await self._standing(event)
            if standing and not _same(standing, event):
                return not await self._publish(event, expected, revises=standing)
        return not duplicate

    async def tell(self, event: Event, *, telling: int) -> None:
        """Publish a StepDelayed or StepFailed: they stand beside the chain and overtake nothing."""
        id = event_id(event, telling=telling)
        await self._store(event, str(id), *encode(event, id=id, source=self.source), None)

    async def _publish(self, event: Event, expected: Expected, *, revises: Stored | None) -> bool:
        """Publish it; True when it stood already, by its id."""
        id = revision_id(event, revises=revises.sequence) if revises else event_id(event)
        headers, data = encode(event, id=id, source=self.source)
        try:
            return await self._store(event, str(id), headers, data, expected)
        except Overtaken:
            newest = await self.stream.last(str(expected.subject), from_leader=True)
            standing = await self.stream.last(_subject(event), from_leader=True)
            ours = newest is not None and newest.onboarding_id == str(event.onboarding_id)
            if ours and standing is not None and standing.id == str(id):
                return True
            raise

    async def _store(
        self, event: Event, id: str, headers: Mapping[str, str], data: bytes, expected: Expected | None
    ) -> bool:
        sent = {**headers, **telemetry.trace_headers()}
        _, duplicate = await self.stream.publish(_subject(event), data, sent, id=id, expected=expected)
        return duplicate

    async def _standing(self, event: Event) -> Stored | None:
        """What this onboarding has told on the event's subject; for an end, any end of it."""
        names = [end.name for end in ENDS] if isinstance(event, ENDS) else [event.name]
        found = await self.stream.last_of_each(event_subject(n, event.site, event.server) for n in names)
        return next((s for s in found if s.onboarding_id == str(event.onboarding_id)), None)


def _subject(event: Event) -> str:
    return event_subject(event.name, event.site, event.server)


def _same(standing: Stored, event: Event) -> bool:
    try:
        return standing.decoded().event.content() == event.content()
    except Refuse:
        return False
