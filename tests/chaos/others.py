"""How long those take that need nothing of what is down, against what they usually take."""

from collections.abc import Sequence
from uuid import UUID

from tests.chaos.figures import Figure
from tests.chaos.phones import Sent
from tests.chaos.record import Record, event_of

UNSEEN = 1.0
"""Seconds below which a time says more about the machine than about a queue."""


def seconds_until(event: str, sent: Sequence[Sent], record: Record) -> list[float]:
    """Of each that has come to this event: how long it took, from the moment at which it was scanned."""
    began = {str(one.onboarding_id): _made_at(one.onboarding_id) for one in sent}
    first: dict[str, float] = {}
    for stored in record.messages:
        if event_of(stored) == event and stored.onboarding_id in began:
            first.setdefault(stored.onboarding_id, stored.time.timestamp() - began[stored.onboarding_id])
    return list(first.values())


def p99(spans: Sequence[float]) -> float:
    """The time that one in a hundred takes longer than."""
    return sorted(spans)[min(int(len(spans) * 0.99), len(spans) - 1)]


def beside(name: str, meanwhile: float, usual: float) -> Figure:
    """At most twice the usual time."""
    value = f"{meanwhile:.2f} s (usually {usual:.2f})"
    return Figure(name, value, meanwhile <= max(2 * usual, UNSEEN))


def _made_at(id: UUID) -> float:
    """Whoever scans makes the id, a version 7 UUID: it begins with the milliseconds."""
    return (id.int >> 80) / 1000
