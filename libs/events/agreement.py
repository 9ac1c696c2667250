"""Whether a stream or consumer is as it must be, and if not, in what it differs.

Only what this system asks for is compared: NATS fills in much of its own, and newer servers more.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

from nats.js.api import ConsumerConfig, StreamConfig

STREAM_FIELDS = (
    "subjects",
    "retention",
    "storage",
    "discard",
    "max_msgs_per_subject",
    "max_msgs",
    "max_bytes",
    "max_age",
    "allow_direct",
    "deny_delete",
    "duplicate_window",
    "num_replicas",
)
CONSUMER_FIELDS = (
    "filter_subject",
    "filter_subjects",
    "ack_policy",
    "ack_wait",
    "max_deliver",
    "max_ack_pending",
)
OPERATORS_OWN = {"max_msgs", "max_bytes", "max_age", "num_replicas", "ack_wait"}
"""The operator's choice: where nothing is asked for, what stands is as it must be."""

Config = TypeVar("Config", StreamConfig, ConsumerConfig)


def differences(wanted: Config, found: Config) -> list[str]:
    """Each field that differs, as `field: found, wanted …`."""
    return [
        f"{field}: {_plain(getattr(found, field))!r}, wanted {_plain(getattr(wanted, field))!r}"
        for field in _differing(wanted, found)
    ]


def amended(wanted: Config, found: Config) -> Config:
    """What stands, as wanted where it differs: what is the operator's choice stays, and so does all else."""
    return found.evolve(**{field: getattr(wanted, field) for field in _differing(wanted, found)})


def _differing(wanted: Config, found: Config) -> Iterator[str]:
    for field in STREAM_FIELDS if isinstance(wanted, StreamConfig) else CONSUMER_FIELDS:
        expected, actual = _plain(getattr(wanted, field)), _plain(getattr(found, field))
        if expected != actual and (expected or field not in OPERATORS_OWN):
            yield field


def _plain(value: Any) -> Any:
    """Enumerations and their texts, nothing and its many spellings: the same."""
    if isinstance(value, list):
        return sorted(value)
    return getattr(value, "value", value) or 0
