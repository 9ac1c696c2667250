"""Errors as HTTP answers: `application/problem+json` (RFC 9457), whatever went wrong."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events import logs
from events.store_errors import StoreError
from intake.problems import BadParameter, FieldError, Problem, Unavailable

MEDIA_TYPE = "application/problem+json"

_TEXT = {"type": "string"}
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {**_TEXT, "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "came", "expected"],
                "properties": {
                    "field": _TEXT,
                    "came": {"type": ["string", "null"], "description": "Null where it must not be shown."},
                    "expected": _TEXT,
                },
            },
        },
    },
}


def documented(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of the errors of a path, and of any other."""
    titles: dict[int | str, list[str]] = {"default": ["Any other error"]}
    for problem in problems:
        titles.setdefault(problem.status, []).append(problem.title)
    content = {MEDIA_TYPE: {"schema": _SCHEMA}}
    return {status: {"description": ". ".join(said), "content": content} for status, said in titles.items()}


def answer_problems(app: FastAPI) -> None:
    """Answer every error that the paths raise, and those of the framework."""

    @app.exception_handler(Problem)
    async def problem(_request: Request, problem: Problem) -> JSONResponse:
        return _answer(problem)

    @app.exception_handler(StoreError)
    async def store_error(_request: Request, error: StoreError) -> JSONResponse:
        logs.logger().warning("not stored", reason=str(error))
        return _answer(Unavailable(str(error)))

    @app.exception_handler(RequestValidationError)
    @app.exception_handler(WebSocketRequestValidationError)
    async def bad_parameter(
        _request: HTTPConnection, error: RequestValidationError | WebSocketRequestValidationError
    ) -> JSONResponse:
        wrong = [FieldError(str(said["loc"][-1]), None, said["msg"]) for said in error.errors()]
        return _answer(BadParameter("; ".join(f"{one.field}: {one.expected}" for one in wrong), wrong))

    @app.exception_handler(HTTPException)
    async def http_exception(_request: Request, error: HTTPException) -> JSONResponse:
        return _plain(error.status_code, dict(error.headers or {}))


class Unexpected:
    """Innermost safety: an error that nobody thought of is logged by its kind and place, never its text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on; answer 500 if nothing was answered yet."""
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as error:
            logs.logger().error("unexpected error", error_type=type(error).__name__, where=_where(error))
            if not started:
                await _plain(500, {})(scope, receive, send)


def _answer(problem: Problem) -> JSONResponse:
    headers = {"Retry-After": str(problem.retry_after)} if problem.retry_after else {}
    return JSONResponse(problem.body(), problem.status, headers, MEDIA_TYPE)


def _plain(status: int, headers: dict[str, str]) -> JSONResponse:
    """A problem that its status says all of (RFC 9457, section 4.2.1)."""
    phrase = HTTPStatus(status).phrase
    body = {"type": "about:blank", "title": phrase, "status": status, "detail": phrase}
    return JSONResponse(body, status, headers, MEDIA_TYPE)


def _where(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else ""
