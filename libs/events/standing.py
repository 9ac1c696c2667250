"""Delivery rule 2, the newest scan wins: what is read before a step acts, and again before the ack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from events.arrival import ORIGINAL_SEQUENCE, Arrival
from events.steps import Step
from events.stored import Stored
from events.stream import Expected, Stream
from events.subjects import event_of_any_site, replay_subject
from events.types import ENDS, Event, OnboardingDiscarded, ServerIncomplete, ServerScanned

FINAL = {OnboardingDiscarded.name, ServerIncomplete.name}
"""Ends after which nothing acts at all. After ServerReady a rebuild may: it comes later in the stream."""


def scans_of(server: str) -> str:
    """Every scan of a server, under whatever site."""
    return event_of_any_site(ServerScanned.name, server)


@dataclass(frozen=True)
class Standing:
    """How a server stood when it was read: its newest scan, the ends, and the step's own kind of event."""

    scan: Stored | None
    ends: Sequence[Stored]
    """The oldest first: of two ends of one onboarding the first counts."""
    incoming: Stored | None

    @classmethod
    async def read(cls, stream: Stream, event: Event, waits_for: str) -> "Standing":
        """One request for all of it. What would end the matter, another scan, is asked of the leader too."""
        names = {ServerScanned.name, waits_for, *(end.name for end in ENDS)}
        found = await stream.last_of_each(event_of_any_site(name, event.server) for name in names)
        by_age = sorted(found, key=lambda stored: stored.sequence)
        scan = _last(by_age, ServerScanned.name)
        if scan is None or scan.onboarding_id != str(event.onboarding_id):
            # A follower that lags shows an older scan than this event's own: never believe it in that.
            scan = await stream.last(scans_of(event.server), from_leader=True)
        return cls(
            scan=scan,
            ends=[stored for stored in by_age if _name(stored) in {end.name for end in ENDS}],
            incoming=_last(by_age, waits_for),
        )

    def over(self, event: Event, arrival: Arrival) -> str | None:
        """Why this message is not acted on any more; `None` when it is."""
        own = str(event.onboarding_id)
        if self.scan is None:
            return "no scan of this server stands any more"
        if self.scan.onboarding_id != own:
            return f"superseded by onboarding {self.scan.onboarding_id}"
        end = next((end for end in self.ends if end.onboarding_id == own), None)
        # What is sent again may be a repair of what was written over: a ServerReady that was faster
        # does not keep it from acting.
        overtaken = end and end.sequence > arrival.sequence and not arrival.private
        if end and (overtaken or _name(end) in FINAL):
            return f"its onboarding has ended: {_name(end)}"
        if self.incoming and self.incoming.onboarding_id == own and self.incoming.sequence > arrival.original:
            return "its event was revised by a later one"
        return None

    def ended(self, onboarding_id: UUID) -> bool:
        """Whether this onboarding came to an end: a message of it that is acted on then is a second one."""
        return any(end.onboarding_id == str(onboarding_id) for end in self.ends)

    def expected(self, server: str) -> Expected:
        """The check that the server makes again on every publish that follows."""
        return Expected(self.scan.sequence if self.scan else 0, scans_of(server))


async def write_newest_last(stream: Stream, step: Step, event: Event, arrival: Arrival) -> bool:
    """Before the ack of a message that may have acted: has a newer scan come meanwhile?

    If so, the newest onboarding's event for this step is sent to it again, whatever stands already: what
    this message wrote may have landed on top of it. True when something was sent.
    """
    scan = await stream.last(scans_of(event.server), from_leader=True)
    if scan is None or scan.onboarding_id == str(event.onboarding_id):
        return False
    newest = await stream.last(event_of_any_site(step.waits_for, event.server), from_leader=True)
    if newest is None or newest.onboarding_id != scan.onboarding_id:
        return False
    site = newest.subject.split(".")[-2]
    await stream.publish(
        replay_subject(step.name, site, event.server),
        newest.data,
        {**envelope_of(newest.headers), ORIGINAL_SEQUENCE: str(newest.sequence)},
        id=f"{newest.id}:{step.name}:after:{arrival.sequence}:{arrival.deliveries}",
    )
    return True


def envelope_of(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that belong to the event itself, whatever else it travelled with."""
    return {name: value for name, value in headers.items() if name.startswith("ce-") or name == "traceparent"}


def _last(by_age: Sequence[Stored], name: str) -> Stored | None:
    return next((stored for stored in reversed(by_age) if _name(stored) == name), None)


def _name(stored: Stored) -> str:
    return stored.subject.split(".")[1]
