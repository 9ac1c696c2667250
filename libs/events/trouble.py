"""Trouble is told on the chain: that a server waits (rule 9), and that a step gave it up."""

from datetime import datetime, timedelta

from events import metrics
from events.dead_letters import Failure
from events.publishing import Publisher
from events.types import Event, StepDelayed, StepFailed

TELL_AGAIN = timedelta(hours=1)
"""A server that waits is told of at most this often, a step."""


class Trouble:
    """What one step tells of its onboardings; `telling` is the sequence of the message that it tells of."""

    def __init__(self, step: str, publisher: Publisher) -> None:
        self._step = step
        self._publisher = publisher

    async def delayed(
        self, event: Event, reason: str, *, attempt: int, next_attempt_at: datetime, telling: int
    ) -> None:
        """The server of `event` waits."""
        delayed = StepDelayed(
            onboarding_id=event.onboarding_id,
            server=event.server,
            site=event.site,
            step=self._step,
            reason=reason,
            attempt=attempt,
            next_attempt_at=next_attempt_at,
        )
        await self._publisher.tell(delayed, telling=telling)
        metrics.DELAYS.labels(self._step).inc()

    async def failed(
        self, event: Event, failure: Failure, *, attempt: int, dead_letter: str, telling: int
    ) -> None:
        """The step gave the server of `event` up; its message stands under the subject `dead_letter`."""
        failed = StepFailed(
            onboarding_id=event.onboarding_id,
            server=event.server,
            site=event.site,
            step=self._step,
            reason=failure.reason,
            error_type=failure.error_type,
            culprit=failure.culprit,
            attempt=attempt,
            dead_letter=dead_letter,
        )
        await self._publisher.tell(failed, telling=telling)
