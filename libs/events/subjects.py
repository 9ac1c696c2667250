"""Every subject, made in one place: a subscriber filters by event, site or server without a payload."""

from dataclasses import dataclass

ONBOARDING = "ONBOARDING"
DEAD_LETTERS = "DEAD_LETTERS"
OPERATIONS = "OPERATIONS"


@dataclass(frozen=True)
class Address:
    """What a subject of the ONBOARDING stream says; `replay_of` is the step of a private subject."""

    event: str | None
    site: str
    server: str
    replay_of: str | None = None


def event_subject(event: str, site: str, server: str) -> str:
    """The public subject of an event."""
    return f"onboarding.{event}.{site}.{server}"


def event_of_any_site(event: str, server: str) -> str:
    """The same event of the same server under whatever site: server names are unique across sites."""
    return f"onboarding.{event}.*.{server}"


def replay_subject(step: str, site: str, server: str) -> str:
    """A step's private subject: five tokens, so that projections of four pass it over."""
    return f"onboarding.replay.{step}.{site}.{server}"


def dead_letter_subject(step: str, site: str, server: str, sequence: int) -> str:
    """The dead letter of the message that stood at `sequence` in ONBOARDING."""
    return f"dead.{step}.{site}.{server}.{sequence}"


def operation_subject(operation: str, target: str) -> str:
    """An operator's action: `operations.<verb>.<server, step or key>`."""
    return f"operations.{operation}.{target}"


def parse(subject: str) -> Address:
    """Read a subject of the ONBOARDING stream back. Raises `ValueError` for any other."""
    match subject.split("."):
        case ["onboarding", "replay", step, site, server]:
            return Address(None, site, server, replay_of=step)
        case ["onboarding", event, site, server]:
            return Address(event, site, server)
    raise ValueError(f"{subject!r} is no subject of an onboarding")
