"""The streams, buckets and consumers as they must be: `onramp streams apply` makes them, services bind."""

from dataclasses import dataclass
from datetime import UTC, datetime

from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from events.arrival import Arrival
from events.steps import Step, steps
from events.subjects import DEAD_LETTERS, ONBOARDING, OPERATIONS

DUPLICATE_WINDOW = 3600.0
"""Seconds for which NATS drops a second message of the same id."""
PER_SUBJECT = 64
"""Messages that a subject of ONBOARDING keeps."""
ATTEMPTS_KEPT = 30 * 86400.0
"""Seconds: longer than any wait between two attempts, so that only what is done with is forgotten."""
SESSIONS_KEPT = 86400.0
REFERENCE_KEPT = 0.0


def stream_configs(replicas: int | None = None) -> list[StreamConfig]:
    """The streams and, as streams, the buckets. Without `replicas` as many as there are, or one."""
    onboarding = _stream(ONBOARDING, "onboarding.>", replicas)
    onboarding.deny_delete = True
    onboarding.max_msgs_per_subject = PER_SUBJECT
    # Either bound would drop the oldest messages, and those that wait are among them.
    onboarding.max_msgs = onboarding.max_bytes = -1
    dead = _stream(DEAD_LETTERS, "dead.>", replicas)
    dead.discard = DiscardPolicy.NEW
    buckets = {
        "CLAIMS": 0.0,
        "ATTEMPTS": ATTEMPTS_KEPT,
        "PROGRESS": 0.0,
        "REFERENCE": REFERENCE_KEPT,
        "KEYS": 0.0,
        "SESSIONS": SESSIONS_KEPT,
    }
    return [
        onboarding,
        dead,
        _stream(OPERATIONS, "operations.>", replicas),
        *(_bucket(name, age, replicas) for name, age in buckets.items()),
    ]


def consumer_config(step: Step, *, ack_wait: float | None) -> ConsumerConfig:
    """A step's durable: explicit acks, and no bound on how often or how many wait.

    Without `ack_wait` the one that it has, or NATS's default of 30 s.
    """
    return ConsumerConfig(
        durable_name=step.name,
        filter_subjects=step.filter_subjects,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait,
        max_deliver=-1,
        max_ack_pending=-1,
        max_waiting=2048,
        deliver_policy=DeliverPolicy.ALL,
    )


def consumer_configs(*, ack_wait: float | None) -> list[ConsumerConfig]:
    """Every step's durable."""
    return [consumer_config(step, ack_wait=ack_wait) for step in steps().values()]


@dataclass
class OnboardingLimits:
    """The bounds of ONBOARDING as the watch over it saw them last."""

    max_age: float = 0.0
    """Seconds that a message is kept; 0 for ever."""

    def would_drop(self, arrival: Arrival, delay: float) -> bool:
        """Whether a message that waits `delay` seconds more may be gone by then, unseen.

        The bound per subject needs no guard: what it drops is older than 64 newer messages of the same
        server and step, so it is superseded or revised.
        """
        age = (datetime.now(UTC) - arrival.stored_at).total_seconds()
        return 0 < self.max_age < (age + delay) * 1.1


def _stream(name: str, subject: str, replicas: int | None) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=[subject],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        allow_direct=True,
        duplicate_window=DUPLICATE_WINDOW,
        num_replicas=replicas,
    )


def _bucket(name: str, max_age: float, replicas: int | None) -> StreamConfig:
    """A KV bucket is a stream of its own form (nats-io's ADR-8)."""
    config = _stream(f"KV_{name}", f"$KV.{name}.>", replicas)
    config.max_msgs_per_subject = 1
    config.discard = DiscardPolicy.NEW
    config.allow_rollup_hdrs = True
    config.deny_delete = True
    config.max_age = max_age
    config.duplicate_window = min(120.0, max_age or 120.0)
    return config
