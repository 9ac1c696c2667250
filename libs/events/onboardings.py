"""What a watch beside the messages may know and tell of onboardings: rules 2, 6, 9 and 10 hold for it too.

A step that goes on in its backend after its message was acked (Metal3 inspects a host for minutes) is
closed by a watch. It follows an event of the chain, publishes the end, and says delays and failures.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from events import logs, metrics, telemetry
from events.attempts import Attempts
from events.dead_letters import DeadLetters, Failure
from events.errors import Refuse
from events.following import followed
from events.publishing import Publisher
from events.standing import Standing, scans_of
from events.steps import Step
from events.store_errors import Overtaken
from events.stored import Stored
from events.stream import Expected, Stream
from events.subjects import event_of_any_site, event_subject
from events.trouble import TELL_AGAIN, Trouble
from events.types import Event, ServerReady, StepDelayed

E = TypeVar("E", bound=Event)


@dataclass(frozen=True)
class Told(Generic[E]):
    """An event that stands in the stream, and since when by the stream's clock."""

    event: E
    stored_at: datetime
    sequence: int


@dataclass(frozen=True)
class Open(Generic[E]):
    """An onboarding that has not ended, by its last event of a kind, and when it was last set going."""

    event: E
    since: datetime
    """When that event, or a later message to the step itself (a replay), was stored."""
    sequence: int
    """Of the later of the two."""


class Onboardings:
    """The onboardings of one step."""

    def __init__(self, stream: Stream, publisher: Publisher, dead_letters: DeadLetters, step: Step) -> None:
        self._stream = stream
        self._publisher = publisher
        self._trouble = Trouble(step.name, publisher)
        self._dead_letters = dead_letters
        self._step = step

    async def follow(self, kind: type[E]) -> AsyncIterator[Told[E]]:
        """Every event of a kind: the last of each server first, then as they come."""
        async for stored in followed(self._stream, event_subject(kind.name, "*", "*")):
            told = _told(stored, kind) if stored else None
            if told is not None:
                yield told

    async def open(self, kind: type[E], server: str) -> Open[E] | None:
        """The server's last event of a kind, if it belongs to the newest scan and that has not ended."""
        # Who finds none open looks no more: a follower that lags must not be the one that says so.
        stored = await self._stream.last(event_of_any_site(kind.name, server), from_leader=True)
        told = _told(stored, kind) if stored else None
        if told is None or await self._ended(told.event):
            return None
        message = await self._own_message(told.event)
        if message and message.sequence > told.sequence:
            return Open(told.event, message.time, message.sequence)
        return Open(told.event, told.stored_at, told.sequence)

    async def end(self, event: Event) -> bool:
        """Publish an end, if none stands and no newer scan does. The step's dead letters of it go."""
        scan = await self._stream.last(scans_of(event.server), from_leader=True)
        if scan is None or scan.onboarding_id != str(event.onboarding_id):
            return False
        try:
            with self._span(event, scan):
                published = await self._publisher.follow(
                    event, Expected(scan.sequence, scans_of(event.server)), may_stand=True
                )
        except Overtaken:
            return False
        if published:
            await self._count(event, scan)
        for letter in await self._dead_letters.of_step(self._step.name, event.server):
            if letter.stored.onboarding_id == str(event.onboarding_id):
                await self._dead_letters.remove(letter.id)
        return published

    async def delayed(self, event: Event, reason: str, next_attempt_at: datetime) -> None:
        """Say that a server waits: at most once a step and hour."""
        subject = event_subject(StepDelayed.name, event.site, event.server)
        stored = await self._stream.last(subject)
        told = _told(stored, StepDelayed) if stored else None
        ours = told if told and _same_step(told.event, event, self._step) else None
        if ours and datetime.now(UTC) - ours.stored_at < TELL_AGAIN:
            return
        message = await self._own_message(event)
        with self._span(event, message):
            telemetry.failed(reason)
            await self._trouble.delayed(
                event,
                reason,
                attempt=ours.event.attempt + 1 if ours else 1,
                next_attempt_at=next_attempt_at,
                telling=message.sequence if message else 0,
            )

    async def failed(self, onboarding: Open[E], failure: Failure) -> None:
        """Give the step up: a dead letter of its own message, and StepFailed beside it, once.

        Not if the step was sent another message meanwhile, a replay: nobody has seen what comes of that.
        """
        event = onboarding.event
        message = await self._own_message(event)
        if message is None or message.sequence > onboarding.sequence:
            return
        standing = await self._dead_letters.of_step(self._step.name, event.server)
        if any(letter.stored.subject.endswith(f".{message.sequence}") for letter in standing):
            return
        now = datetime.now(UTC)
        attempts = Attempts(handed_back=1, first_failure=now, last_failure=now, reason=failure.reason)
        subject = await self._dead_letters.put(self._step.name, message, failure, attempts)
        with self._span(event, message):
            telemetry.failed(failure.reason)
            await self._trouble.failed(
                event, failure, attempt=attempts.handed_back, dead_letter=subject, telling=message.sequence
            )
        logs.logger().error("gave up", server=event.server, reason=failure.reason, dead_letter=subject)

    async def _ended(self, event: Event) -> bool:
        standing = await Standing.read(self._stream, event, event.name)
        own = str(event.onboarding_id)
        superseded = standing.scan is None or standing.scan.onboarding_id != own
        return superseded or any(end.onboarding_id == own for end in standing.ends)

    async def _own_message(self, event: Event) -> Stored | None:
        """The message that this step acted on last: the newest replay, or the event itself."""
        public = event_of_any_site(self._step.waits_for, event.server)
        private = f"onboarding.replay.{self._step.name}.*.{event.server}"
        found = [await self._stream.last(subject, from_leader=True) for subject in (public, private)]
        own = [stored for stored in found if stored and stored.onboarding_id == str(event.onboarding_id)]
        return max(own, key=lambda stored: stored.sequence, default=None)

    def _span(self, event: Event, after: Stored | None) -> AbstractContextManager[None]:
        """Show what is told now as a part of the trace of the message that it comes after."""
        return telemetry.span(
            f"{self._step.name} watch",
            after.headers if after else {},
            step=self._step.name,
            server=event.server,
            onboarding_id=str(event.onboarding_id),
        )

    async def _count(self, end: Event, scan: Stored) -> None:
        """An end that was published: how many there are and, where it is a good one, how long it took."""
        metrics.STEP_EVENTS.labels(self._step.name, end.name, "").inc()
        if not isinstance(end, ServerReady):
            return
        stored = await self._stream.last(event_subject(end.name, end.site, end.server), from_leader=True)
        if stored is not None:
            metrics.SCAN_TO_READY_SECONDS.observe((stored.time - scan.time).total_seconds())


def _told(stored: Stored, kind: type[E]) -> Told[E] | None:
    try:
        event = stored.decoded().event
    except Refuse:
        return None
    return Told(event, stored.time, stored.sequence) if isinstance(event, kind) else None


def _same_step(told: StepDelayed, event: Event, step: Step) -> bool:
    return told.onboarding_id == event.onboarding_id and told.step == step.name
