"""CloudEvents 1.0 over NATS, binary mode: the attributes are headers, the payload is the JSON data.

Source: CloudEvents NATS Protocol Binding 1.0.3-wip, section 3.1. Header values are percent-encoded as
its section 3.1.3.2 says: space, double quote, percent and everything outside printable ASCII. Two
extension attributes are ours: `onboardingid`, and `outcome` on the events of steps.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote
from uuid import UUID

from pydantic import ValidationError

from events.errors import Refuse
from events.types import EVENTS, Event, StepCompleted

TYPE_PREFIX = "io.onramp."
VERSION = "v1"

_PLAIN = re.compile(r"[!#$&-~]*")
"""What nearly every value is, told in one look."""


@dataclass(frozen=True)
class Message:
    """An event with its envelope."""

    id: str
    event: Event
    source: str
    time: datetime


def type_of(event: Event | type[Event]) -> str:
    """The CloudEvents type, `io.onramp.server-scanned.v1`."""
    return f"{TYPE_PREFIX}{event.name}.{VERSION}"


def encode(event: Event, *, id: UUID, source: str) -> tuple[dict[str, str], bytes]:
    """The headers and payload of an event that `source` (a service's name) tells now."""
    headers = {
        "ce-specversion": "1.0",
        "ce-id": str(id),
        "ce-type": type_of(event),
        "ce-source": f"/onramp/{source}",
        "ce-subject": event.server,
        "ce-time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ce-datacontenttype": "application/json",
        "ce-onboardingid": str(event.onboarding_id),
    }
    if isinstance(event, StepCompleted):
        headers["ce-outcome"] = event.outcome.value
    return {name: percent_encode(value) for name, value in headers.items()}, event.model_dump_json().encode()


def decode(headers: dict[str, str] | None, payload: bytes) -> Message:
    """Read a message back. Raises `Refuse` when it is no event that this version knows.

    The refusal names the fields that do not fit, never what stood in them: that could be a secret.
    """
    attributes = {name.lower(): unquote(value) for name, value in (headers or {}).items()}
    kind = attributes.get("ce-type", "")
    name, _, version = kind.removeprefix(TYPE_PREFIX).rpartition(".")
    event_type = EVENTS.get(name) if kind.startswith(TYPE_PREFIX) and version == VERSION else None
    if event_type is None:
        raise Refuse(f"unknown event type {kind!r}: this service knows version {VERSION}")
    try:
        return Message(
            id=attributes["ce-id"],
            event=event_type.model_validate_json(payload),
            source=attributes.get("ce-source", ""),
            time=datetime.fromisoformat(attributes["ce-time"]),
        )
    except ValidationError as invalid:
        fields = [".".join(map(str, error["loc"])) or "body" for error in invalid.errors(include_input=False)]
        kinds = sorted({error["type"] for error in invalid.errors(include_input=False)})
        raise Refuse(f"{kind} does not fit its schema: {', '.join(fields)} ({', '.join(kinds)})") from None
    except (KeyError, ValueError):
        raise Refuse(f"{kind} has no usable ce-id or ce-time") from None


def percent_encode(value: str) -> str:
    """As the binding wants header values: only printable ASCII but space, `"` and `%` stays as it is."""
    if _PLAIN.fullmatch(value):
        return value
    return "".join(
        char if "!" <= char <= "~" and char not in '"%' else "".join(f"%{b:02X}" for b in char.encode())
        for char in value
    )
