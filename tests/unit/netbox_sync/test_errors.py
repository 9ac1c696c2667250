"""What NetBox answers, in our two words."""

import json
from collections.abc import Mapping

import pytest
import requests
from pynetbox.core.query import AllocationError, RequestError

from events.errors import Refuse, Retry, StepError, Unreachable
from netbox_sync.client.errors import translated
from netbox_sync.handler import Rejected

ADDRESS = "https://netbox.example"


def answer(code: int, body: object = None, headers: Mapping[str, str] | None = None) -> requests.Response:
    response = requests.Response()
    response.status_code = code
    response._content = json.dumps(body).encode()
    response.headers.update(headers or {})
    response.request = requests.Request("POST", f"{ADDRESS}/api/dcim/devices/").prepare()
    response.url = f"{ADDRESS}/api/dcim/devices/"
    return response


def told(error: Exception) -> StepError:
    with pytest.raises(StepError) as raised, translated(ADDRESS):
        raise error
    return raised.value


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, Rejected),
        (401, Retry),
        (403, Retry),
        (404, Retry),
        (429, Retry),
        (500, Unreachable),
        (503, Unreachable),
    ],
)
def test_each_status_is_one_of_our_words(code: int, kind: type[StepError]) -> None:
    assert isinstance(told(RequestError(answer(code, {}))), kind)


def test_a_refusal_is_told_in_netboxs_words_with_its_fields() -> None:
    body = {"name": ["too long"], "__all__": ["Device name must be unique per site."]}

    assert told(RequestError(answer(400, body))).reason == (
        "NetBox refuses it: name: too long; Device name must be unique per site."
    )


def test_a_conflict_is_a_refusal() -> None:
    assert isinstance(told(AllocationError(answer(409, {"detail": "no room"}))), Refuse)


def test_retry_after_is_honoured() -> None:
    error = told(RequestError(answer(429, {}, {"Retry-After": "17"})))

    assert isinstance(error, Retry)
    assert error.delay == 17


def test_a_denied_token_names_the_setting() -> None:
    assert "ONRAMP_NETBOX_TOKEN" in told(RequestError(answer(403, {"detail": "Invalid token"}))).reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (requests.exceptions.SSLError("secret"), "ONRAMP_NETBOX_CA_FILE"),
        (requests.ReadTimeout("secret"), "did not answer in time"),
        (requests.ConnectionError("secret"), "cannot be reached"),
    ],
)
def test_a_lost_connection_is_unreachable_and_quotes_nothing(error: Exception, reason: str) -> None:
    lost = told(error)

    assert isinstance(lost, Unreachable)
    assert reason in lost.reason
    assert "secret" not in lost.reason


def test_a_redirect_is_not_followed_but_told() -> None:
    assert "ONRAMP_NETBOX_URL" in told(requests.TooManyRedirects()).reason
