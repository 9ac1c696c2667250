"""The JSON Schemas of the contract: what stands in a message's payload, and in its headers."""

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from events.asyncapi.chain import publishers
from events.asyncapi.examples import EXAMPLES, TIME
from events.asyncapi.meanings import meaning
from events.envelope import encode, type_of
from events.ids import event_id
from events.types import (
    EVENTS,
    Event,
    Host,
    Outcome,
    Registration,
    Reservation,
    SkippedStep,
    StepCompleted,
    StoredCredentials,
)
from events.verdicts import Question, Verdict

VALUES: tuple[type[BaseModel], ...] = (Registration, StoredCredentials, Reservation, Host, SkippedStep)
"""What events are made of."""
REF = "#/components/schemas/"

_HEADERS: dict[str, dict[str, Any]] = {
    "ce-specversion": {"const": "1.0", "description": "The version of CloudEvents."},
    "ce-id": {"format": "uuid", "description": "The same however often the same fact is told."},
    "ce-type": {"description": "The event and its version."},
    "ce-source": {"pattern": "^/onramp/[a-z0-9_]+$", "description": "The service that tells it."},
    "ce-subject": {"description": "The server."},
    "ce-time": {"format": "date-time", "description": "When it was told."},
    "ce-datacontenttype": {"const": "application/json", "description": "What the payload is."},
    "ce-onboardingid": {"format": "uuid", "description": "The payload's `onboarding_id`."},
    "ce-outcome": {"enum": [outcome.value for outcome in Outcome], "description": "The payload's `outcome`."},
}
_BESIDE: dict[str, dict[str, Any]] = {
    "Nats-Msg-Id": {"description": "The `ce-id`: NATS drops a second message of the same id."},
    "traceparent": {"description": "The trace of the onboarding (W3C Trace Context)."},
}


def payload_schemas() -> dict[str, Any]:
    """The schema of every event, of what they are made of, and of a verdict's question and answer."""
    models: list[type[BaseModel]] = [*EVENTS.values(), *VALUES, Question, Verdict]
    _, made = models_json_schema([(m, "serialization") for m in models], ref_template=REF + "{model}")
    schemas: dict[str, Any] = made["$defs"]
    for model in (*EVENTS.values(), *VALUES):
        for field, schema in schemas[model.__name__]["properties"].items():
            schema.setdefault("description", meaning(model, field))
    return schemas


def headers_schema(event: type[Event]) -> dict[str, Any]:
    """The schema of an event's headers."""
    told = {name: {"type": "string", **schema} for name, schema in _HEADERS.items()}
    told["ce-type"]["const"] = type_of(event)
    if not issubclass(event, StepCompleted):
        del told["ce-outcome"]
    beside = {name: {"type": "string", **schema} for name, schema in _BESIDE.items()}
    return {"type": "object", "required": list(told), "properties": {**told, **beside}}


def example_headers(event: type[Event]) -> dict[str, str]:
    """The headers of an event's example, as its service would send them."""
    example = EXAMPLES[event.name]
    id = event_id(example)
    # StepDelayed and StepFailed name the step that they are about; its service tells them.
    source = getattr(example, "step", publishers(event)[0])
    headers, _ = encode(example, id=id, source=source)
    time = TIME.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {**headers, "ce-time": time, "Nats-Msg-Id": str(id)}
