"""Whether a stream or consumer is as it must be, and if not, in what it differs.

Only what this system asks for is compared: NATS fills in much of its own, and newer servers more.
"""

from collections.abc import Iterator
from typing import Any

from nats.js.api import ConsumerConfig, StreamConfig

STREAM_FIELDS = (
    "subjects",
    "retention",
    "storage",
    "discard",
    "max_msgs_per_subject",
    "max_age",
    "allow_direct",
    "deny_delete",
    "duplicate_window",
    "num_replicas",
)
CONSUMER_FIELDS = ("filter_subjects", "ack_policy", "ack_wait", "max_deliver", "max_ack_pending")
OPERATORS_OWN = {"max_age"}
"""ONBOARDING's age limit is the operator's choice; the default is none."""


def differences(wanted: StreamConfig | ConsumerConfig, found: StreamConfig | ConsumerConfig) -> list[str]:
    """Each field that differs, as `field: found, wanted …`."""
    fields = STREAM_FIELDS if isinstance(wanted, StreamConfig) else CONSUMER_FIELDS
    return list(_differences(wanted, found, fields))


def _differences(wanted: Any, found: Any, fields: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        expected, actual = _plain(getattr(wanted, field)), _plain(getattr(found, field))
        if field in OPERATORS_OWN and not expected:
            continue
        if expected != actual:
            yield f"{field}: {actual!r}, wanted {expected!r}"


def _plain(value: Any) -> Any:
    """Enumerations and their texts, nothing and its many spellings: the same."""
    if isinstance(value, list):
        return sorted(value)
    return getattr(value, "value", value) or 0
