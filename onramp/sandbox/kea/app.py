"""Kea over HTTP: one path, POSTed JSON, basic authentication."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from onramp.sandbox.emulator import Emulator
from onramp.sandbox.kea.answers import ERROR, Json, answer

WRITES = {
    "config-write",
    "lease4-add",
    "lease4-del",
    "lease4-update",
    "lease4-wipe",
    "reservation-add",
    "reservation-del",
    "reservation-update",
}


@dataclass(frozen=True)
class BasicAuth:
    """Whom Kea lets in: the Authorization header's value after `Basic`, and the realm that it asks for."""

    credentials: str
    realm: str

    @classmethod
    def of(cls, user: str, password: str, realm: str) -> "BasicAuth":
        """The authentication of one user."""
        return cls(base64.b64encode(f"{user}:{password}".encode()).decode(), realm)

    def admits(self, header: str) -> bool:
        """Whether an Authorization header is this user's."""
        scheme, _, credentials = header.strip().partition(" ")
        return scheme.lower() == "basic" and credentials.strip() == self.credentials


def kea_app(answers: Callable[[object], list[Json]], auth: BasicAuth | None) -> Emulator:
    """The emulator of a server or an agent; `answers` is what it says to a command."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        await _response(request, await request.body(), answers, auth)(scope, receive, send)

    return Emulator(respond, is_write=_is_write)


def _response(
    request: Request, body: bytes, answers: Callable[[object], list[Json]], auth: BasicAuth | None
) -> ASGIApp:
    if request.method != "POST" or request.headers.get("content-type", "").lower() != "application/json":
        return _stock(400, "Bad Request")
    try:
        command = json.loads(body) if body else None
    except ValueError:
        return _stock(400, "Bad Request")
    if auth and not auth.admits(request.headers.get("authorization", "")):
        return _stock(401, "Unauthorized", {"WWW-Authenticate": f'Basic realm="{auth.realm}"'})
    if command is None:
        return JSONResponse([answer(ERROR, "Command processing failed: NULL command parameter")])
    return JSONResponse(answers(command))


def _stock(status: int, text: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"result": status, "text": text}, status, headers)


def _is_write(_method: str, body: bytes) -> bool:
    try:
        command = json.loads(body)
    except ValueError:
        return False
    return isinstance(command, dict) and command.get("command") in WRITES
