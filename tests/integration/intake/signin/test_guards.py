"""Whoever asks too often waits, and every answer carries the headers that protect a browser."""

import pytest
from pydantic import ValidationError
from starlette.responses import PlainTextResponse

from intake.settings import Settings
from tests.integration.intake.conftest import ANYTHING
from tests.integration.intake.signin.conftest import Guarded, is_problem

LIST = "/api/v1/dead-letters"


async def test_an_address_that_asks_too_often_is_told_when_to_come_again(guarded: Guarded) -> None:
    guarded.use(requests_per_address=0.2)
    stranger = guarded.browser()
    answers = [await stranger.get(LIST) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [401] * 2 + [429] * 2
    assert is_problem(answers[-1], 429, "too-many-requests")
    assert int(answers[-1].headers["Retry-After"]) in range(1, 6)


async def test_a_person_who_asks_too_often_waits_and_nobody_else_does(guarded: Guarded) -> None:
    guarded.use(requests_per_person=0.2)
    hasty, calm = guarded.script_of("vera"), guarded.script_of("tom")
    answers = [await hasty.get(LIST) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 2 + [429]
    assert (await calm.get(LIST)).status_code == 200


@pytest.mark.parametrize("path", [LIST, "/auth/userinfo", "/nowhere", "/openapi.json"])
async def test_every_answer_has_the_headers_that_protect_a_browser(guarded: Guarded, path: str) -> None:
    headers = (await guarded.browser().get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


async def test_an_answer_keeps_the_headers_that_it_sets_itself(guarded: Guarded) -> None:
    page = PlainTextResponse("page", headers={"Content-Security-Policy": "default-src 'self'", "ETag": '"1"'})
    guarded.app.add_route("/page", lambda _request: page)
    headers = (await guarded.browser().get("/page")).headers
    assert headers["Content-Security-Policy"] == "default-src 'self'"
    assert "Cache-Control" not in headers


async def test_a_slash_too_many_sends_a_password_nowhere_else(guarded: Guarded) -> None:
    answer = await guarded.script_of("tom").post("/api/v1/servers/register/", json=ANYTHING)
    assert answer.status_code == 404
    assert "Location" not in answer.headers


async def test_openapi_documents_who_is_refused(guarded: Guarded) -> None:
    paths = (await guarded.browser().get("/openapi.json")).json()["paths"]
    for path in ("/api/v1/servers/register", "/api/v1/keys", LIST, f"{LIST}/{{id}}/discard"):
        for operation in paths[path].values():
            assert {"401", "403", "429", "503", "default"} <= set(operation["responses"])


async def test_openapi_documents_the_rate_of_every_path(guarded: Guarded) -> None:
    paths = (await guarded.browser().get("/openapi.json")).json()["paths"]
    for operations in paths.values():
        for operation in operations.values():
            assert "429" in operation["responses"]


@pytest.mark.parametrize(
    "url", ["onramp.example.org", "ftp://onramp.example.org", "https://", "https://example.org/onramp"]
)
def test_a_public_address_that_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="without a path"):
        Settings(public_url=url)


def test_a_slash_after_the_public_address_is_no_part_of_it() -> None:
    assert Settings(public_url="https://onramp.example.org/").public_url == "https://onramp.example.org"
