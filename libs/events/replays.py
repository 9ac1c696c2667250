"""Delivery rule 10, the operators' side: a failed message goes back to the one step that failed.

One dead letter, one replay: it is sent under a check on the private subject's last message, and while
a message there names a dead letter that still stands, it is in flight.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote

from events.arrival import ORIGINAL_SEQUENCE
from events.dead_letters import DeadLetter, replay_headers
from events.envelope import percent_encode
from events.errors import Refuse
from events.operations import Operations
from events.orders import DEAD_LETTER
from events.publishing import Publisher
from events.standing import envelope_of, scans_of
from events.store_errors import Overtaken
from events.stored import Stored
from events.stream import Expected, Stream
from events.subjects import DEAD_LETTERS, event_of_any_site, replay_subject
from events.types import OnboardingDiscarded

SENT_BY = "onramp-sent-by"


class InFlight(Exception):
    """A replay to the same step and server has been sent and has neither succeeded nor failed yet."""

    def __init__(self, by: str, sent_at: datetime) -> None:
        super().__init__(f"already replayed by {by} at {sent_at:%Y-%m-%d %H:%M:%S} UTC: it is on its way")
        self.by = by
        self.sent_at = sent_at


@dataclass(frozen=True)
class Sent:
    """A message on a step's private subject."""

    sequence: int
    subject: str


class Replays:
    """What one operator sends again or gives up."""

    def __init__(self, stream: Stream, operations: Operations) -> None:
        self._stream = stream
        self._letters = Stream(stream.client, DEAD_LETTERS)
        self._publisher = Publisher(stream, "operator")
        self._operations = operations

    async def standing(self, after: int = 0) -> AsyncIterator[DeadLetter]:
        """Every dead letter after that one, the oldest first."""
        async for stored in self._letters.read(start=after + 1):
            yield DeadLetter.of(stored)

    async def find(self, id: int) -> DeadLetter:
        """One dead letter. Raises `Refuse` when it does not stand."""
        stored = await self._letters.at(id)
        if stored is None:
            raise Refuse(f"there is no dead letter {id}: it was replayed or discarded")
        return DeadLetter.of(stored)

    async def superseded(self, letter: DeadLetter) -> bool:
        """Whether a newer scan of its server stands, so that nothing would act on it."""
        scan = await self._stream.last(scans_of(letter.server))
        return scan is not None and letter.superseded_by(scan.sequence)

    async def replay(self, letter: DeadLetter, why: str) -> Sent:
        """Send it to its step. Raises `InFlight` when that has been done and has not ended.

        Raises `Refuse` when no step put it there.
        """
        if not letter.original_sequence:
            raise Refuse(f"dead letter {letter.id} was put there by no step: discard it")
        last = await self._in_flight(letter)
        headers = {**replay_headers(letter), DEAD_LETTER: str(letter.id)}
        try:
            subject = replay_subject(letter.step, letter.site, letter.server)
            sent = await self._send(
                subject, letter.stored.data, headers, id=f"replay-{letter.id}", after=last
            )
        except Overtaken:
            await self._in_flight(letter)
            raise
        await self._operations.note(
            "replay", letter.server, why, step=letter.step, dead_letter=str(letter.id)
        )
        return sent

    async def discard(self, letter: DeadLetter, why: str) -> None:
        """Give it up: its onboarding ends, the dead letter goes. Raises `InFlight` during a replay."""
        await self._in_flight(letter)
        await self._end_onboarding(letter, why)
        await self._operations.note(
            "discard", letter.server, why, step=letter.step, dead_letter=str(letter.id)
        )
        await self._letters.delete(letter.id)

    async def again(
        self, step: str, waits_for: str, server: str, why: str, orders: Mapping[str, str]
    ) -> Sent:
        """Send the newest onboarding's event to a step once more. Raises `Refuse` where there is none."""
        scan = await self._stream.last(scans_of(server), from_leader=True)
        event = await self._stream.last(event_of_any_site(waits_for, server), from_leader=True)
        if scan is None or event is None or event.onboarding_id != scan.onboarding_id:
            raise Refuse(f"the newest scan of {server} has not come as far as {step}")
        subject = replay_subject(step, event.subject.split(".")[-2], server)
        last = await self._stream.last(subject, from_leader=True)
        headers = {**envelope_of(event.headers), ORIGINAL_SEQUENCE: str(event.sequence), **orders}
        after = last.sequence if last else 0
        id = f"{event.id}:{step}:again:{after}"
        sent = await self._send(subject, event.data, headers, id=id, after=last)
        await self._operations.note("replay", server, why, step=step, **orders)
        return sent

    async def _send(
        self, subject: str, data: bytes, headers: Mapping[str, str], *, id: str, after: Stored | None
    ) -> Sent:
        sent = {**headers, SENT_BY: percent_encode(self._operations.by)}
        expected = Expected(after.sequence if after else 0)
        sequence, _ = await self._stream.publish(subject, data, sent, id=id, expected=expected)
        return Sent(sequence, subject)

    async def _in_flight(self, letter: DeadLetter) -> Stored | None:
        """The last message on the private subject; raises when it names a dead letter that stands."""
        last = await self._stream.last(
            replay_subject(letter.step, letter.site, letter.server), from_leader=True
        )
        named = last.headers.get(DEAD_LETTER, "") if last else ""
        if last is not None and named.isdecimal() and await self._letters.at(int(named)):
            raise InFlight(unquote(last.headers.get(SENT_BY, "somebody")), last.time)
        return last

    async def _end_onboarding(self, letter: DeadLetter, why: str) -> None:
        """Publish its end, where it can be read and is its server's newest."""
        scan = await self._stream.last(scans_of(letter.server), from_leader=True)
        try:
            event = letter.stored.decoded().event
        except Refuse:
            return
        if scan is None or scan.onboarding_id != str(event.onboarding_id):
            return
        discarded = OnboardingDiscarded(
            onboarding_id=event.onboarding_id,
            server=event.server,
            site=event.site,
            by=self._operations.by,
            reason=why,
        )
        await self._publisher.follow(
            discarded, Expected(scan.sequence, scans_of(event.server)), may_stand=True
        )
