"""The events, for a reader: a section for each, with its fields and one message as it is on the wire."""

import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from events import envelope, types
from events.asyncapi.chain import publishers, waiting
from events.asyncapi.examples import EXAMPLES
from events.asyncapi.schemas import REF, VALUES, example_headers, payload_schemas
from events.subjects import event_subject
from events.types import EVENTS, Event
from onramp.documents.tables import prose, table

_REPLAYS = """\
## Beside the events

| subject | what |
| --- | --- |
| `onboarding.replay.<step>.<site>.<server>` | an event that is sent to one step alone once more; five \
tokens, so that whoever reads the four of an event passes it over |
| `dead.<step>.<site>.<server>.<sequence>` | the full copy of a message that a step gave up, with headers \
`onramp-…` that say why, how often and since when |
| `operations.<verb>.<target>` | what an operator did, who and why |
| `check.<step>` | a request that no stream holds: what would this step do? |
"""


def reference() -> str:
    """The document."""
    schemas = payload_schemas()
    head = f"# Events\n\n{prose(types)}\n\n## Envelope\n\n{prose(envelope)}\n"
    events = [_event(event, schemas) for event in EVENTS.values()]
    values = [_value(model, schemas) for model in VALUES]
    return "\n".join([head, _overview(), _REPLAYS, *events, "# Values\n", *values])


def _overview() -> str:
    rows = (
        (f"[`{e.name}`](#{e.name})", str(e.__doc__), _names(publishers(e)), _names(waiting(e)))
        for e in EVENTS.values()
    )
    return "## All of them\n\n" + table(("event", "when", "published by", "waited for by"), rows)


def _event(event: type[Event], schemas: dict[str, Any]) -> str:
    facts = (
        ("type", f"`{envelope.type_of(event)}`"),
        ("subject", f"`{event_subject(event.name, '<site>', '<server>')}`"),
        ("published by", _names(publishers(event))),
        ("waited for by", _names(waiting(event)) or "no step: whoever looks on"),
    )
    example = EXAMPLES[event.name]
    headers = "\n".join(f"{name}: {value}" for name, value in example_headers(event).items())
    payload = json.dumps(example.model_dump(mode="json"), indent=2, ensure_ascii=False)
    subject = event_subject(event.name, example.site, example.server)
    return (
        f"## {event.name}\n\n{event.__doc__}\n\n{table(('', ''), facts)}\n"
        f"{_fields(event, schemas)}\n```\n{subject}\n{headers}\n```\n\n```json\n{payload}\n```\n"
    )


def _value(model: type[BaseModel], schemas: dict[str, Any]) -> str:
    return f"## {model.__name__}\n\n{model.__doc__}\n\n{_fields(model, schemas)}"


def _fields(model: type[BaseModel], schemas: dict[str, Any]) -> str:
    properties = schemas[model.__name__]["properties"]
    rows = ((f"`{name}`", _type(schema), schema["description"]) for name, schema in properties.items())
    return table(("field", "type", "meaning"), rows)


def _type(schema: dict[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(REF)
        linked = any(model.__name__ == name for model in VALUES)
        return f"[{name}](#{name.lower()})" if linked else name
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    return str(schema.get("format", schema["type"]))


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)
