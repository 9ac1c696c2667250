"""A cookie that another site's page makes a browser send does nothing."""

from typing import Any

import httpx
import pytest
from fastapi import WebSocket

from intake.signin.gate import Viewer
from tests.integration.intake.conftest import ANYTHING
from tests.integration.intake.signin.conftest import HERE, SESSION, Guarded, is_problem

REGISTER = "/api/v1/servers/register"
EVIL = "https://evil.test"


async def _token(browser: httpx.AsyncClient) -> str:
    token: str = (await browser.get("/auth/userinfo")).json()["csrf_token"]
    return token


async def test_a_page_of_ours_changes_things_with_its_token(guarded: Guarded) -> None:
    browser = await guarded.signed_in("tom")
    headers = {"X-CSRF-Token": await _token(browser), "Origin": HERE}
    answer = await browser.post(REGISTER, json=ANYTHING, headers=headers)
    assert answer.status_code == 202
    assert (await guarded.store.newest()).registered_by == "tom"


async def test_without_the_token_a_cookie_changes_nothing(guarded: Guarded) -> None:
    browser = await guarded.signed_in("tom")
    answer = await browser.post(REGISTER, json=ANYTHING)
    assert is_problem(answer, 403, "cross-origin")
    assert await guarded.store.scans() == []


async def test_another_sessions_token_is_refused(guarded: Guarded) -> None:
    others = await _token(await guarded.signed_in("olga"))
    browser = await guarded.signed_in("tom")
    answer = await browser.post(REGISTER, json=ANYTHING, headers={"X-CSRF-Token": others})
    assert is_problem(answer, 403, "cross-origin")


@pytest.mark.parametrize("origin", [EVIL, "null", "http://intake.test.evil.test", "https://intake.test"])
async def test_a_stolen_cookie_and_its_token_do_nothing_from_another_origin(
    guarded: Guarded, origin: str
) -> None:
    browser = await guarded.signed_in("tom")
    headers = {"X-CSRF-Token": await _token(browser), "Origin": origin}
    answer = await browser.post(REGISTER, json=ANYTHING, headers=headers)
    assert is_problem(answer, 403, "cross-origin")
    assert await guarded.store.scans() == []


async def test_a_script_needs_no_token_against_what_only_browsers_do(guarded: Guarded) -> None:
    answer = await guarded.script_of("tom").post(REGISTER, json=ANYTHING)
    assert answer.status_code == 202


async def test_a_browser_that_asks_beforehand_is_told_no(guarded: Guarded) -> None:
    headers = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}
    answer = await guarded.browser().options(REGISTER, headers=headers)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_an_origin_that_was_let_in_may_call_with_a_token_but_no_cookie(guarded: Guarded) -> None:
    guarded.use(cors_origins="https://another.test, https://dashboard.test")
    headers = {"Origin": "https://dashboard.test", **guarded.provider.bearer("vera")}
    answer = await guarded.browser().get("/auth/userinfo", headers=headers)
    assert answer.headers["Access-Control-Allow-Origin"] == "https://dashboard.test"
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    ("method", "wanted"), [("GET", "authorization, last-event-id, if-none-match"), ("POST", "content-type")]
)
async def test_an_origin_that_was_let_in_may_send_all_that_the_api_reads(
    guarded: Guarded, method: str, wanted: str
) -> None:
    guarded.use(cors_origins="https://dashboard.test")
    asked = {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": wanted}
    answer = await guarded.browser().options(REGISTER, headers={"Origin": "https://dashboard.test", **asked})
    assert answer.status_code == 200


async def test_an_origin_that_was_let_in_reads_all_that_the_api_tells(guarded: Guarded) -> None:
    guarded.use(cors_origins="https://dashboard.test")
    answer = await guarded.browser().get("/healthz", headers={"Origin": "https://dashboard.test"})
    told = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "Onramp-As-Of", "Onramp-Import-Id", "Retry-After"} <= set(told)


@pytest.mark.parametrize(("origin", "opened"), [(HERE, True), (EVIL, False), (None, False)])
async def test_a_websocket_opens_for_pages_of_ours_only(
    guarded: Guarded, origin: str | None, opened: bool
) -> None:
    async def follow(socket: WebSocket, person: Viewer) -> None:
        await socket.accept()
        await socket.close()

    guarded.app.add_api_websocket_route("/ws", follow)
    browser = await guarded.signed_in("vera")
    headers = {"cookie": f"{SESSION}={browser.cookies[SESSION]}", **({"origin": origin} if origin else {})}
    first = await _handshake(guarded, headers)
    assert first["type"] == ("websocket.accept" if opened else "websocket.http.response.start")
    assert opened or first["status"] == 403


async def _handshake(guarded: Guarded, headers: dict[str, str]) -> dict[str, Any]:
    """The server's first word on a WebSocket that a client asks for."""
    said: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        said.append(message)

    scope: dict[str, Any] = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "scheme": "ws",
        "path": "/ws",
        "raw_path": b"/ws",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("intake.test", 80),
        "subprotocols": [],
        "extensions": {"websocket.http.response": {}},
    }
    await guarded.app(scope, receive, send)
    return said[0]
