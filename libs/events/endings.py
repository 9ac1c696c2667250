"""The three ways a delivery ends: done and acked, handed back to wait, or given up as a dead letter.

Each keeps the order in which a crash between any two lines loses nothing: what must be known later is
written first, and NATS is told last.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from events import logs, metrics, telemetry
from events.attempts import UNKNOWN_ERRORS, Attempts, AttemptsBucket
from events.breaker import Backend
from events.case import Case
from events.dead_letters import DeadLetters, Failure
from events.errors import Refuse, Retry
from events.publishing import Publisher
from events.store_errors import Full
from events.streams import OnboardingLimits
from events.trouble import TELL_AGAIN, Trouble

OPERATOR_DELAY = 300.0
"""Seconds until a message is tried again for which an operator has to do something first."""


class Endings:
    """How the messages of one step end."""

    def __init__(
        self,
        step: str,
        attempts: AttemptsBucket,
        dead_letters: DeadLetters,
        publisher: Publisher,
        limits: OnboardingLimits,
    ) -> None:
        self.step = step
        self.attempts = attempts
        self.dead_letters = dead_letters
        self.trouble = Trouble(step, publisher)
        self.limits = limits
        self.no_room = False
        """Whether the last dead letter found no room: shown by readiness."""

    async def done(self, case: Case) -> None:
        """Its replay's dead letter goes, then the ack, confirmed."""
        if case.orders.dead_letter:
            await self.dead_letters.remove(case.orders.dead_letter)
        await self._ack(case)
        self._count("done")

    async def hand_back(self, case: Case, retry: Retry) -> None:
        """Rule 5: it waits, for as long as it takes; rule 7: for a dead backend together with the others."""
        backend = Backend.by_address.get(retry.backend or "")
        if backend is not None and backend.open:
            attempts = case.attempts.after(retry.reason, backend=retry.backend, known=True, counted=False)
            return await self._wait_in_time(case, attempts, backend.delay())
        attempts = case.attempts.after(retry.reason, backend=retry.backend, known=True, counted=True)
        delay = attempts.backoff() if retry.delay is None else retry.delay
        return await self._wait_in_time(case, attempts, delay)

    async def unknown(self, case: Case, error: Exception, before_ack: Callable[[], Awaitable[None]]) -> None:
        """An error that no step names: tried again a few times, then a person is asked."""
        kind = type(error).__name__
        logs.logger().error("unknown error", error_type=kind, where=_where(error))
        if case.attempts.unknown + 1 >= UNKNOWN_ERRORS:
            return await self.give_up(
                case, Failure(f"unknown error {kind} {_where(error)}", kind), before_ack
            )
        attempts = case.attempts.after(f"unknown error {kind}", backend=None, known=False, counted=True)
        return await self._wait_in_time(case, attempts, attempts.backoff())

    async def give_up(self, case: Case, failure: Failure, before_ack: Callable[[], Awaitable[None]]) -> None:
        """Rule 6: the dead letter, StepFailed beside it, the replay's old dead letter goes, then the ack."""
        attempts = case.attempts.after(failure.reason, backend=None, known=True, counted=False)
        try:
            subject = await self.dead_letters.put(self.step, case.arrival.stored, failure, attempts)
        except Full:
            self.no_room = True
            logs.logger().critical("DEAD_LETTERS is full: nothing can be given up until an operator acts")
            return await self._wait(case, attempts, OPERATOR_DELAY)
        self.no_room = False
        await before_ack()
        if case.event is not None:
            await self.trouble.failed(
                case.event,
                failure,
                attempt=attempts.handed_back,
                dead_letter=subject,
                telling=case.arrival.sequence,
            )
        if case.orders.dead_letter:
            await self.dead_letters.remove(case.orders.dead_letter)
        await self._ack(case)
        self._count("dead-letter")
        telemetry.failed(failure.reason)
        logs.logger().error("gave up", reason=failure.reason, culprit=failure.culprit, dead_letter=subject)
        return None

    async def _wait_in_time(self, case: Case, attempts: Attempts, delay: float) -> None:
        """Wait, unless the stream would drop it meanwhile: then it is given up while it still stands."""
        if self.limits.would_drop(case.arrival, delay):
            raise Refuse(f"it waited so long that the stream would drop it: {attempts.reason}")
        await self._wait(case, attempts, delay)

    async def _wait(self, case: Case, attempts: Attempts, delay: float) -> None:
        """Record it, then nak: a nak without its record would look like a death."""
        now = datetime.now(UTC)
        due = attempts.told_at is None or now - attempts.told_at >= TELL_AGAIN
        # What comes again at once keeps nobody waiting.
        if case.event is not None and due and delay:
            await self.trouble.delayed(
                case.event,
                attempts.reason,
                attempt=attempts.handed_back,
                next_attempt_at=now + timedelta(seconds=delay),
                telling=case.arrival.sequence,
            )
            attempts = attempts.model_copy(update={"told_at": now})
        await self.attempts.write(case.arrival, attempts)
        await case.arrival.message.nak(delay=delay or None)
        self._count("waits")
        telemetry.failed(attempts.reason)
        logs.logger().info(
            "waits", reason=attempts.reason, delay=round(delay, 1), attempt=attempts.handed_back
        )

    async def _ack(self, case: Case) -> None:
        await case.arrival.message.ack_sync(timeout=5)
        if case.attempts != Attempts():
            await self.attempts.remove(case.arrival)

    def _count(self, ended: str) -> None:
        metrics.DELIVERIES.labels(self.step, ended).inc()
        telemetry.note(ended=ended)


def _where(error: Exception) -> str:
    """The line that raised, without the error's text: that could quote a secret."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"in {trace.tb_frame.f_globals.get('__name__')} line {trace.tb_lineno}"
