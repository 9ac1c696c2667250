"""The contract as an AsyncAPI 3.0 document: channels are subjects, operations are what the services do."""

import json
from importlib.metadata import version
from typing import Any

from events import envelope, types
from events.asyncapi.chain import STEPS, publishers, service_of
from events.asyncapi.examples import EXAMPLES
from events.asyncapi.schemas import REF, example_headers, headers_schema, payload_schemas
from events.steps import Step
from events.subjects import dead_letter_subject, event_subject, replay_subject
from events.types import EVENTS, Event

_PLACES = {
    "site": {"description": "The site's token; `_` where the scan named none."},
    "server": {"description": "The server's name."},
}
_CHECKS = {name for name in STEPS if name != "netbox_status"}
"""Steps that answer what they would do."""


def document() -> str:
    """The document as JSON."""
    made = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Onramp",
            "version": version("onramp"),
            "description": f"{types.__doc__}\n{envelope.__doc__}",
        },
        "defaultContentType": "application/json",
        "channels": _channels(),
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": payload_schemas()},
    }
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _channels() -> dict[str, Any]:
    events = {
        name: _channel(event_subject(name, "{site}", "{server}"), str(event.__doc__), name)
        for name, event in EVENTS.items()
    }
    replays = {f"replay.{step.name}": _private(step) for step in STEPS.values()}
    dead = {f"dead.{step.name}": _dead(step) for step in STEPS.values()}
    checks = {f"check.{step}": _check(step) for step in sorted(_CHECKS)}
    return {**events, **replays, **dead, **checks}


def _channel(address: str, description: str, message: str, **parameters: dict[str, str]) -> dict[str, Any]:
    return {
        "address": address,
        "description": description,
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "parameters": {**_PLACES, **parameters},
    }


def _private(step: Step) -> dict[str, Any]:
    subject = replay_subject(step.name, "{site}", "{server}")
    return _channel(subject, f"What is sent to {step.name} alone once more.", step.waits_for)


def _dead(step: Step) -> dict[str, Any]:
    subject = dead_letter_subject(step.name, "{site}", "{server}", 0).removesuffix("0") + "{sequence}"
    sequence = {"description": "Where the message that failed stood in ONBOARDING."}
    return _channel(subject, f"The messages that {step.name} gave up.", step.waits_for, sequence=sequence)


def _check(step: str) -> dict[str, Any]:
    return {
        "address": f"check.{step}",
        "description": f"Asks what {step} would do, without doing it. No stream holds it.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in ("question", "verdict")},
    }


def _operations() -> dict[str, Any]:
    told = {
        f"{service}.publishes.{name}": _operation("send", name, name)
        for name, event in EVENTS.items()
        for service in publishers(event)
    }
    return {**told, **{name: op for step in STEPS.values() for name, op in _of_step(step).items()}}


def _of_step(step: Step) -> dict[str, Any]:
    name, event = step.name, step.waits_for
    summary = f"{service_of(name)} does its step {name}."
    found = {
        f"{name}.takes.{event}": {**_operation("receive", event, event), "summary": summary},
        f"{name}.takes.replay": _operation("receive", f"replay.{name}", event),
        f"{name}.gives-up": _operation("send", f"dead.{name}", event),
    }
    if name in _CHECKS:
        channel = f"check.{name}"
        reply = _operation("receive", channel, "verdict")
        found[f"{name}.answers"] = {
            **_operation("receive", channel, "question"),
            "reply": {"channel": reply["channel"], "messages": reply["messages"]},
        }
    return found


def _operation(action: str, channel: str, message: str) -> dict[str, Any]:
    reference = f"#/channels/{channel}"
    return {
        "action": action,
        "channel": {"$ref": reference},
        "messages": [{"$ref": f"{reference}/messages/{message}"}],
    }


def _messages() -> dict[str, Any]:
    asked = {name.lower(): {"payload": {"$ref": f"{REF}{name}"}} for name in ("Question", "Verdict")}
    return {**{name: _message(event) for name, event in EVENTS.items()}, **asked}


def _message(event: type[Event]) -> dict[str, Any]:
    payload = EXAMPLES[event.name].model_dump(mode="json")
    return {
        "name": envelope.type_of(event),
        "title": event.__name__,
        "summary": event.__doc__,
        "headers": headers_schema(event),
        "payload": {"$ref": f"{REF}{event.__name__}"},
        "examples": [{"headers": example_headers(event), "payload": payload}],
    }
