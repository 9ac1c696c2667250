"""One message, from the fetch to the ack, so that nothing is lost and nothing is done twice.

The order (rule 1): read, do the idempotent effect, publish the follow-on and wait for the PubAck, ack
with confirmation. Every other rule has a module of its own; this one tells how they come together.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass

import nats.errors
from nats.aio.msg import Msg

from events import deadline, logs, metrics, telemetry
from events.arrival import Arrival
from events.attempts import DEATHS, Attempts
from events.breaker import Backend
from events.case import Case
from events.dead_letters import Failure
from events.endings import OPERATOR_DELAY, Endings
from events.envelope import decode
from events.errors import Refuse, Retry
from events.in_hand import InHand
from events.orders import Orders
from events.publishing import Publisher
from events.settings import ServiceSettings
from events.standing import Standing, write_newest_last
from events.steps import Step
from events.store_errors import Overtaken, StoreError
from events.stream import Stream
from events.streams import DUPLICATE_WINDOW
from events.types import Event

Do = Callable[[Event, Orders], Awaitable[Event | None]]


@dataclass(frozen=True)
class Handler:
    """A step and the verb that does it."""

    step: Step
    takes: type[Event]
    do: Do


class Delivery:
    """Carries the messages of one step."""

    def __init__(
        self,
        handler: Handler,
        settings: ServiceSettings,
        stream: Stream,
        endings: Endings,
        publisher: Publisher,
        in_hand: InHand,
    ) -> None:
        self.handler = handler
        self.step = handler.step
        self.settings = settings
        self.stream = stream
        self.endings = endings
        self.publisher = publisher
        self.in_hand = in_hand

    async def deliver(self, message: Msg) -> None:
        """Carry one message through. Raises nothing: what can't be done now is done on a later delivery."""
        arrival = Arrival.of(message)
        with logs.bound(step=self.step.name, server=arrival.server, sequence=arrival.sequence):
            try:
                async with deadline.kept_alive(message, self.settings.ack_wait):
                    await self._take_in_hand(arrival)
            except (StoreError, nats.errors.Error) as away:
                # Nothing can be recorded now. The nak goes out when the connection is back, if it comes back.
                logs.logger().warning("NATS does not take part; the message comes again", reason=str(away))
                metrics.DELIVERIES.labels(self.step.name, "nats-away").inc()
                with suppress(nats.errors.Error):
                    await message.nak(delay=1)
            except asyncio.CancelledError:
                with suppress(nats.errors.Error):
                    await message.nak()
                raise
            except Exception as error:
                # Not the handling, which has its own end, but what is noted about it: a person has to look.
                logs.logger().exception(
                    "what is known of the message can't be read", error_type=type(error).__name__
                )
                with suppress(nats.errors.Error):
                    await message.nak(delay=OPERATOR_DELAY)

    async def _take_in_hand(self, arrival: Arrival) -> None:
        """Rules 3, 5 and 8: who goes through the gate, and with whom."""
        repeated = arrival.deliveries > 1
        case = Case(arrival, await self.endings.attempts.read(arrival) if repeated else Attempts())
        suspect = case.attempts.suspect(arrival)
        if arrival.private and not repeated:
            metrics.REPLAYS.labels(self.step.name).inc()
        async with self.in_hand.taken(arrival.server, alone=suspect):
            try:
                if suspect:
                    case.attempts = case.attempts.marked()
                    await self.endings.attempts.write(arrival, case.attempts)
                with self._span(arrival):
                    async with deadline.threads_ended():
                        await self._carry(case)
            except (StoreError, nats.errors.Error):
                # A stream that is full or has no leader fails this way again and again: that is no death.
                if suspect:
                    await self.endings.attempts.outlive(arrival, case.attempts)
                raise

    def _span(self, arrival: Arrival) -> AbstractContextManager[None]:
        """Show this delivery as a part of its onboarding's trace."""
        return telemetry.span(
            self.step.name,
            arrival.headers,
            step=self.step.name,
            server=arrival.server,
            onboarding_id=arrival.stored.onboarding_id,
        )

    async def _carry(self, case: Case) -> None:
        """Handle it, and turn what comes of that into an ack, a hand-back or a dead letter."""
        try:
            try:
                case.event, case.orders = self._read(case)
                _refuse_to_call_in_vain(case.attempts)
                with logs.bound(onboarding_id=str(case.event.onboarding_id)):
                    await self._handle(case, case.event)
                await self.endings.done(case)
            except Retry as retry:
                await self.endings.hand_back(case, retry)
            except asyncio.CancelledError:
                await self.endings.hand_back(case, Retry("the service is stopping", delay=0.0))
                raise
            except (Refuse, StoreError, nats.errors.Error):
                raise
            except Exception as error:
                await self.endings.unknown(case, error, lambda: self._look_back(case))
        except Refuse as refusal:
            failure = Failure(refusal.reason, "Refuse", refusal.culprit)
            await self.endings.give_up(case, failure, lambda: self._look_back(case))

    def _read(self, case: Case) -> tuple[Event, Orders]:
        event = decode(case.arrival.headers, case.arrival.data).event
        if not isinstance(event, self.handler.takes):
            raise Refuse(f"{self.step.name} takes {self.handler.takes.__name__}, not {type(event).__name__}")
        if event.server != case.arrival.server:
            raise Refuse(f"the event is of {event.server}, its subject of {case.arrival.server}")
        if case.attempts.deaths >= DEATHS:
            case.event = event
            raise Refuse(f"handling it ended the process {case.attempts.deaths} times")
        return event, case.arrival.orders

    async def _handle(self, case: Case, event: Event) -> None:
        """Rules 2 and 4: act for the newest scan only, then tell what came of it, once."""
        standing = await Standing.read(self.stream, event, self.step.waits_for)
        over = standing.over(event, case.arrival)
        if over:
            logs.logger().info("not acted on", reason=over)
            return await self._look_back(case) if case.repeated else None
        with metrics.handling(self.step.name):
            follow_on = await deadline.within(self.settings.deadline, self.handler.do(event, case.orders))
        published = await self._tell(follow_on, standing, case) if follow_on else False
        if case.repeated or not published:
            await self._look_back(case)
        return None

    async def _tell(self, follow_on: Event, standing: Standing, case: Case) -> bool:
        """Publish the follow-on under the server's check; whether it was published now."""
        # A negative age is a clock that is behind: then nothing is known of it.
        old = not 0 <= case.arrival.age() <= DUPLICATE_WINDOW / 2
        may_stand = case.repeated or old or standing.ended(follow_on.onboarding_id)
        outcome = str(getattr(follow_on, "outcome", ""))
        try:
            published = await self.publisher.follow(
                follow_on, standing.expected(follow_on.server), may_stand=may_stand
            )
        except Overtaken:
            logs.logger().info("a newer scan came while this one was acted on")
            return False
        telemetry.note(outcome=outcome)
        if published:
            metrics.STEP_EVENTS.labels(self.step.name, follow_on.name, outcome).inc()
        reason = getattr(follow_on, "reason", "")
        logs.logger().info("done", outcome=outcome, reason=reason, published=published)
        return published

    async def _look_back(self, case: Case) -> None:
        """Before the ack of what may have acted without the server's check: the newest is written last."""
        if case.event and await write_newest_last(self.stream, self.step, case.event, case.arrival):
            logs.logger().info("a newer scan stands: its event is sent to this step once more")


def _refuse_to_call_in_vain(attempts: Attempts) -> None:
    """Rule 7: hand back what waits for a backend that is still away, unless it is its turn to probe it."""
    backend = Backend.by_address.get(attempts.backend or "")
    if backend is not None and backend.open and not backend.probe_due:
        raise Retry(attempts.reason, backend=attempts.backend)
