"""A server's state, folded from its events.

The fold takes a server's messages in the stream's order, all of them or only the last of each subject
`onboarding.*.*.<server>`: both come out the same. Only the newest scan's onboarding counts, and of two
ends the first. A message that can't be read is passed over.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache, reduce
from uuid import UUID

from events.status import ServerStatus, State, StepState, StepStatus
from events.steps import Step, steps
from events.stored import Stored
from events.subjects import parse
from events.types import (
    Frozen,
    OnboardingDiscarded,
    Outcome,
    ServerIncomplete,
    ServerReady,
    ServerScanned,
    StepDelayed,
    StepFailed,
)

SILENT = frozenset({"netbox_status"})
"""Steps that publish no event of their own: nothing is known of them but their delays and failures."""

TROUBLED = frozenset({StepState.DELAYED, StepState.FAILED})


class _Said(Frozen):
    """What the fold reads of a payload, whatever the event: a later step's type may be unknown here."""

    step: str = ""
    outcome: Outcome | None = None
    reason: str = ""
    warnings: tuple[str, ...] = ()
    attempt: int | None = None
    next_attempt_at: datetime | None = None
    culprit: str | None = None
    dead_letter: str | None = None
    by: str = ""
    state: str = ""
    scanned_at: datetime | None = None


def fold(messages: Iterable[Stored]) -> ServerStatus | None:
    """One server's state; `None` where no scan of it stands."""
    return reduce(advance, sorted(messages, key=lambda stored: stored.sequence), None)


def advance(status: ServerStatus | None, stored: Stored) -> ServerStatus | None:
    """The state once this message is known too; one that was folded in already changes nothing."""
    if status and stored.sequence <= status.sequence:
        return status
    try:
        event, said = parse(stored.subject).event, _Said.model_validate_json(stored.data)
        if event == ServerScanned.name:
            return _scanned(stored, said)
    except ValueError:
        return status
    if status is None or event is None or stored.onboarding_id != str(status.onboarding_id):
        return status
    changed = _CHANGES.get(event, _told)(status, stored, said)
    return replace(changed, sequence=stored.sequence, changed_at=stored.time)


def _scanned(stored: Stored, said: _Said) -> ServerStatus:
    address = parse(stored.subject)
    return ServerStatus(
        server=address.server,
        site=address.site,
        onboarding_id=UUID(stored.onboarding_id),
        state=State.IN_PROGRESS,
        reason="scanned",
        scanned_at=said.scanned_at or stored.time,
        changed_at=stored.time,
        sequence=stored.sequence,
        steps=_waiting(tuple(steps().values())),
    )


@cache
def _waiting(wired: tuple[Step, ...]) -> tuple[StepStatus, ...]:
    """How the steps stand at first; many servers share it."""
    return tuple(
        StepStatus(step.name, StepState.WAITING, f"waits for {step.waits_for}")
        for step in wired
        if step.name not in SILENT
    )


def _told(status: ServerStatus, stored: Stored, said: _Said) -> ServerStatus:
    """A step event."""
    if said.outcome is None:
        return status
    state = StepState.SKIPPED if said.outcome is Outcome.SKIPPED else StepState.DONE
    told = StepStatus(_teller(stored), state, said.reason, stored.time, said.outcome, said.warnings)
    return status.having(told).saying(State.IN_PROGRESS, said.reason)


def _delayed(status: ServerStatus, stored: Stored, said: _Said) -> ServerStatus:
    delayed = _trouble(status, stored, said, StepState.DELAYED)
    return status.having(delayed).saying(State.DELAYED, said.reason)


def _failed(status: ServerStatus, stored: Stored, said: _Said) -> ServerStatus:
    failed = _trouble(status, stored, said, StepState.FAILED)
    return status.having(failed).saying(State.FAILED, said.reason)


def _trouble(status: ServerStatus, stored: Stored, said: _Said, state: StepState) -> StepStatus:
    before = status.step(said.step)
    return StepStatus(
        said.step,
        state,
        said.reason,
        stored.time,
        outcome=before.outcome if before else None,
        warnings=before.warnings if before else (),
        attempt=said.attempt,
        next_attempt_at=said.next_attempt_at,
        culprit=said.culprit,
        dead_letter=said.dead_letter,
    )


def _ready(status: ServerStatus, _stored: Stored, said: _Said) -> ServerStatus:
    """A step that waited or failed after its own event is over with it: the host recovered."""
    reason = f"the host is {said.state}"
    for step in status.steps:
        if step.outcome and step.state in TROUBLED and not status.ended:
            recovered = StepStatus(step.step, StepState.DONE, reason, step.since, step.outcome, step.warnings)
            status = status.having(recovered)
    return status.saying(State.READY, reason)


def _incomplete(status: ServerStatus, stored: Stored, said: _Said) -> ServerStatus:
    """The step that ends an onboarding for want of data has nothing to do in it."""
    skipped = StepStatus(_teller(stored), StepState.SKIPPED, said.reason, stored.time, Outcome.SKIPPED)
    return status if status.ended else status.having(skipped).saying(State.INCOMPLETE, said.reason)


def _discarded(status: ServerStatus, _stored: Stored, said: _Said) -> ServerStatus:
    return status.saying(State.DISCARDED, f"discarded by {said.by}: {said.reason}")


_CHANGES: Mapping[str, Callable[[ServerStatus, Stored, _Said], ServerStatus]] = {
    StepDelayed.name: _delayed,
    StepFailed.name: _failed,
    ServerReady.name: _ready,
    ServerIncomplete.name: _incomplete,
    OnboardingDiscarded.name: _discarded,
}


def _teller(stored: Stored) -> str:
    """The step that tells an event bears its service's name."""
    return stored.headers.get("ce-source", "").removeprefix("/onramp/")
