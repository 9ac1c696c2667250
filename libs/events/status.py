"""How a server stands, in words that every view of it shares: status page, lists, command line."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from events.types import Outcome


class StepState(StrEnum):
    """How one step stands."""

    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    DELAYED = "delayed"
    FAILED = "failed"


class State(StrEnum):
    """How an onboarding stands: one of three ends, or what its newest word says."""

    IN_PROGRESS = "in-progress"
    DELAYED = "delayed"
    FAILED = "failed"
    READY = "ready"
    INCOMPLETE = "incomplete"
    DISCARDED = "discarded"


_TO_DO = (StepState.FAILED, StepState.DELAYED, StepState.WAITING)
_ENDS = frozenset({State.READY, State.INCOMPLETE, State.DISCARDED})


@dataclass(frozen=True, slots=True)
class StepStatus:
    """One step of an onboarding. `outcome` stands once the step has told one, in trouble or not."""

    step: str
    state: StepState
    reason: str
    since: datetime | None = None
    outcome: Outcome | None = None
    warnings: tuple[str, ...] = ()
    attempt: int | None = None
    next_attempt_at: datetime | None = None
    culprit: str | None = None
    dead_letter: str | None = None


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A server as its newest onboarding stands. `sequence` is that of the last event that was folded in."""

    server: str
    site: str
    onboarding_id: UUID
    state: State
    reason: str
    scanned_at: datetime
    changed_at: datetime
    sequence: int
    steps: tuple[StepStatus, ...]

    @property
    def ended(self) -> bool:
        """Whether an end stands; what is told after it stands beside it and reopens nothing."""
        return self.state in _ENDS

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.ended or self.state is State.FAILED

    @property
    def at(self) -> str | None:
        """The step that failed, else one that is delayed, else the next; `None` where none is left."""
        if self.ended:
            return None
        return next((step.step for state in _TO_DO for step in self.steps if step.state is state), None)

    def step(self, name: str) -> StepStatus | None:
        """One of its steps."""
        return next((step for step in self.steps if step.step == name), None)

    def saying(self, state: State, reason: str) -> "ServerStatus":
        """The newest word counts until there is an end, and then nothing but that."""
        return self if self.ended else replace(self, state=state, reason=reason)

    def having(self, step: StepStatus) -> "ServerStatus":
        """A step in its place; one that nobody waited for comes last."""
        if self.step(step.step) is None:
            return replace(self, steps=(*self.steps, step))
        return replace(self, steps=tuple(step if s.step == step.step else s for s in self.steps))
