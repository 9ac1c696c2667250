"""CloudEvents on the wire."""

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.asyncapi.examples import EXAMPLES
from events.envelope import decode, encode, percent_encode
from events.errors import Refuse
from events.ids import event_id
from events.types import Event
from tests.unit.events.samples import EVERY_EVENT, SERVER, name_of

SCANNED = EXAMPLES["server-scanned"]


def wire(event: Event) -> tuple[dict[str, str], bytes]:
    return encode(event, id=event_id(event), source="intake")


@pytest.mark.parametrize("event", EVERY_EVENT, ids=name_of)
def test_what_is_encoded_is_decoded(event: Event) -> None:
    message = decode(*wire(event))
    assert (message.event, message.id) == (event, str(event_id(event)))
    assert message.source == "/onramp/intake"
    assert message.time.tzinfo is not None


def test_the_headers_are_those_of_the_cloudevents_binding() -> None:
    headers, _ = wire(EXAMPLES["device-recorded"])
    assert headers.pop("ce-time").endswith("Z")
    assert headers == {
        "ce-specversion": "1.0",
        "ce-id": str(event_id(EXAMPLES["device-recorded"])),
        "ce-type": "io.onramp.device-recorded.v1",
        "ce-source": "/onramp/intake",
        "ce-subject": SERVER,
        "ce-datacontenttype": "application/json",
        "ce-onboardingid": str(SCANNED.onboarding_id),
        "ce-outcome": "created",
    }


def test_an_event_without_an_outcome_has_no_such_header() -> None:
    assert "ce-outcome" not in wire(SCANNED)[0]


def test_the_case_of_header_names_does_not_matter() -> None:
    headers, payload = wire(SCANNED)
    assert decode({name.title(): value for name, value in headers.items()}, payload).event == SCANNED


def test_what_no_header_may_hold_is_percent_encoded() -> None:
    assert percent_encode('Zoë "50%"\r\n€') == "Zo%C3%AB%20%2250%25%22%0D%0A%E2%82%AC"


@given(st.text())
def test_a_header_value_comes_back_as_it_was(source: str) -> None:
    headers, payload = encode(SCANNED, id=uuid4(), source=source)
    assert all("!" <= char <= "~" for value in headers.values() for char in value)
    assert decode(headers, payload).source == f"/onramp/{source}"


@pytest.mark.parametrize(
    "kind",
    [
        "io.onramp.server-scanned.v2",
        "io.onramp.server-scanned",
        "io.onramp.server-sold.v1",
        "com.example.server-scanned.v1",
        "server-scanned.v1",
        "",
    ],
)
def test_a_type_that_this_version_does_not_know_is_refused_by_name(kind: str) -> None:
    headers, payload = wire(SCANNED)
    with pytest.raises(Refuse, match="unknown event type") as refusal:
        decode({**headers, "ce-type": kind}, payload)
    assert repr(kind) in refusal.value.reason


def test_a_message_without_headers_is_refused() -> None:
    with pytest.raises(Refuse, match="unknown event type"):
        decode(None, b"{}")


def test_a_payload_that_does_not_fit_names_its_fields_and_quotes_no_value() -> None:
    headers, payload = wire(SCANNED)
    broken = json.loads(payload)
    broken["server"] = broken["registration"]["bmc_mac"] = broken["scanned_at"] = "hunter2 hunter2"
    with pytest.raises(Refuse) as refusal:
        decode(headers, json.dumps(broken).encode())
    assert "server, registration.bmc_mac, scanned_at" in refusal.value.reason
    assert "hunter2" not in refusal.value.reason


@pytest.mark.parametrize("payload", [b"", b"\xff{", b"[]", b'"hunter2"', b'{"hunter2"'])
def test_a_payload_that_is_no_object_is_refused_without_quoting_it(payload: bytes) -> None:
    with pytest.raises(Refuse, match=r"schema: body \(") as refusal:
        decode(wire(SCANNED)[0], payload)
    assert "hunter2" not in refusal.value.reason


@pytest.mark.parametrize("header", ["ce-id", "ce-time"])
def test_an_event_without_its_id_or_time_is_refused(header: str) -> None:
    headers, payload = wire(SCANNED)
    del headers[header]
    with pytest.raises(Refuse, match="no usable ce-id or ce-time"):
        decode(headers, payload)
