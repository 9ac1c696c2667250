"""What every emulator can do: count its requests, and be slow, fail or die when it is told to.

An emulator is an ASGI app wrapped by `Emulator`. Beside the backend's own paths it answers:

=======================  ============================================================================
`GET /_emulator/counts`  `{"reads": n, "writes": n, "paths": {"GET /api/x": n}}` since the last reset
`POST /_emulator/faults` a `Fault` as JSON: the next matching requests meet it
`DELETE /_emulator/faults`  all faults are taken back
`POST /_emulator/reset-counts`  the counts start again at zero
=======================  ============================================================================
"""

import argparse
import asyncio
import os
import re
from collections import Counter
from collections.abc import Callable
from typing import Literal

import uvicorn
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READS = {"GET", "HEAD", "OPTIONS"}


class Fault(BaseModel):
    """One thing that goes wrong, for the requests whose method and path match.

    `slow` answers after `seconds`; `error` answers `status` without any effect; `drop` has the effect
    and then breaks off the answer; `die` has the effect and then ends the process, unanswered.
    """

    action: Literal["slow", "error", "drop", "die"]
    method: str = ".*"
    path: str = ".*"
    times: int = 1_000_000
    seconds: float = 0.0
    status: int = 500
    body: str = '{"detail": "told to fail"}'

    def matches(self, method: str, path: str) -> bool:
        """Whether this fault meets a request (regular expressions, searched in method and path)."""
        return self.times > 0 and bool(re.fullmatch(self.method, method) and re.search(self.path, path))


class Emulator:
    """Wraps a backend's app: counts each request, then lets the first matching fault have it.

    `is_write` tells a write from a read where the method does not (Kea POSTs everything).
    """

    def __init__(self, app: ASGIApp, is_write: Callable[[str, bytes], bool] | None = None) -> None:
        self.app = app
        self.faults: list[Fault] = []
        self.counts: Counter[str] = Counter()
        self.writes = 0
        self._is_write = is_write or (lambda method, _body: method not in READS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request: a control path, a fault, or the backend's own answer."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request = Request(scope, receive)
        body = await request.body()
        if scope["path"].startswith("/_emulator/"):
            return await (self._control(request.method, scope["path"], body))(scope, receive, send)
        self.counts[f"{request.method} {scope['path']}"] += 1
        self.writes += self._is_write(request.method, body)
        fault = next((f for f in self.faults if f.matches(request.method, scope["path"])), None)
        return await self._answer(fault, scope, _replay(body, receive), send)

    async def _answer(self, fault: Fault | None, scope: Scope, receive: Receive, send: Send) -> None:
        if fault is None:
            return await self.app(scope, receive, send)
        fault.times -= 1
        match fault.action:
            case "slow":
                await asyncio.sleep(fault.seconds)
                await self.app(scope, receive, send)
            case "error":
                answer = Response(fault.body, fault.status, media_type="application/json")
                await answer(scope, receive, send)
            case "drop":
                await self.app(scope, receive, _swallow)
                # A promised body that never comes: the server closes the connection in mid-answer.
                headers = [(b"content-length", b"64"), (b"content-type", b"application/json")]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
            case "die":
                await self.app(scope, receive, _swallow)
                os._exit(9)
        return None

    def _control(self, method: str, path: str, body: bytes) -> Response:
        match method, path.removeprefix("/_emulator/"):
            case "GET", "counts":
                reads = sum(self.counts.values()) - self.writes
                return JSONResponse({"reads": reads, "writes": self.writes, "paths": dict(self.counts)})
            case "POST", "reset-counts":
                self.counts.clear()
                self.writes = 0
            case "POST", "faults":
                self.faults.append(Fault.model_validate_json(body))
            case "DELETE", "faults":
                self.faults.clear()
            case _:
                return Response(status_code=404)
        return Response(status_code=204)


async def _swallow(_message: Message) -> None:
    """The answer that nobody gets."""


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body again, once, for the app behind; after it whatever the server has to say (a disconnect)."""
    pending = [True]

    async def receive_again() -> Message:
        if pending:
            pending.clear()
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    return receive_again


def arguments(description: str) -> argparse.ArgumentParser:
    """The flags that every emulator takes; a caller adds its own."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certfile")
    parser.add_argument("--keyfile")
    return parser


def serve(app: ASGIApp, flags: argparse.Namespace) -> None:
    """Answer until the process is told to end; TLS where a certificate is given."""
    uvicorn.run(
        app,
        host=flags.host,
        port=flags.port,
        ssl_certfile=flags.certfile,
        ssl_keyfile=flags.keyfile,
        log_level="warning",
        timeout_graceful_shutdown=1,
    )
