"""What the operators' paths take and tell, and what they refuse."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from events.dead_letters import DeadLetter
from intake import fields
from intake.problems import Problem


class NoDeadLetter(Problem):
    """It was replayed or discarded, or never was."""

    status, kind, title = 404, "no-dead-letter", "No such dead letter stands"


class NoStep(Problem):
    """Somebody put it there by hand: it can only be discarded."""

    status, kind, title = 409, "no-step", "No step gave the dead letter up"


class ReplayInFlight(Problem):
    """Somebody else has just acted on it."""

    status, kind, title = 409, "replay-in-flight", "The dead letter is being dealt with"


class NoReason(Problem):
    """Whoever asks later is to know why."""

    status, kind, title = 422, "no-reason", "A reason is needed"


class Why(BaseModel):
    """What an operator says with an action."""

    model_config = ConfigDict(str_strip_whitespace=True)

    reason: fields.Text = Field(min_length=1)


class Letter(BaseModel):
    """A dead letter, without the event that it holds."""

    id: int
    step: str
    service: str
    site: str
    server: str
    onboarding_id: str
    reason: str
    error_type: str
    culprit: str | None
    attempts: int
    first_failure: datetime | None
    last_failure: datetime | None
    superseded: bool = Field(description="A newer scan of its server stands: nothing would act on it.")

    @classmethod
    def of(cls, letter: DeadLetter, *, superseded: bool) -> "Letter":
        """As it is shown."""
        return cls(
            id=letter.id,
            step=letter.step,
            service=letter.service,
            site=letter.site,
            server=letter.server,
            onboarding_id=letter.stored.onboarding_id,
            reason=letter.failure.reason,
            error_type=letter.failure.error_type,
            culprit=letter.failure.culprit,
            attempts=letter.attempts,
            first_failure=letter.first_failure,
            last_failure=letter.last_failure,
            superseded=superseded,
        )


class Letters(BaseModel):
    """A page of dead letters, the oldest first."""

    dead_letters: list[Letter]
    next: int | None = Field(description="To be sent as `after` for the next page; null on the last.")


class Done(BaseModel):
    """What was done."""

    dead_letter: int
    by: str
