"""Register many servers at once, and follow how they fare."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from opentelemetry.trace import SpanKind
from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from events import logs, telemetry
from events.service import ended
from events.store_errors import StoreError
from intake.api.answers import documented
from intake.api.body import check_type, read_body
from intake.imports.formats import CSV, JSON, MEDIA_TYPES, YAML
from intake.imports.live import LiveImports, Message
from intake.imports.problems import TooManyImports
from intake.imports.results import Answer, Result
from intake.imports.run import MOST_RECORDS, Import
from intake.imports.turns import Turns
from intake.problems import NoSealingKey, Problem, TooLarge, Unavailable, Unreadable, UnsupportedBody
from intake.registration import RegistrationRequest
from intake.settings import Settings
from intake.signin.gate import Technician
from intake.signin.problems import REFUSALS
from intake.signin.roles import Person
from intake.stores import Stores

ID_HEADER = "Onramp-Import-Id"

REFUSED, COME_AGAIN = 1008, 1013
"""Close codes (RFC 6455, and IANA's registry)."""

_RECORDS = {"type": "array", "maxItems": MOST_RECORDS, "items": RegistrationRequest.model_json_schema()}
_TEXT = {"schema": {"type": "string"}}
_BODY = {"required": True, "content": {JSON: {"schema": _RECORDS}, YAML: _TEXT, CSV: _TEXT}}
_HEADERS = {ID_HEADER: {"description": "Follow it at /import/ws with this.", "schema": {"type": "string"}}}
_AWAY = (Unavailable, NoSealingKey, TooManyImports)
_MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


def router(settings: Settings, stores: Callable[[], Stores]) -> APIRouter:
    """The paths of imports."""
    paths = APIRouter(prefix="/api/v1/servers/import")
    imports = LiveImports(quiet=2 * settings.nats_patience + 1)
    turns = Turns(settings.max_imports)

    @paths.post(
        "",
        response_model=list[Result],
        responses={
            **documented(Unreadable, UnsupportedBody, TooLarge, *REFUSALS, *_AWAY),
            200: {"description": "A result a record, in the file's order", "headers": _HEADERS},
        },
        openapi_extra={"requestBody": _BODY},
    )
    async def store(request: Request, person: Technician) -> Response:
        """Take many servers: each stands for itself; answered once all that can be stored are."""
        with telemetry.span("import", dict(request.headers), SpanKind.SERVER):
            scans, media_type = stores().scans, check_type(request, MEDIA_TYPES)
            with turns.take():
                body = await read_body(request, settings.max_import_bytes)
                run = await Import.of(body, media_type, settings, person.known_as)
                answer = Answer(run.size)
                await run.run(scans, answer.put)
        return StreamingResponse(answer.parts(), headers={ID_HEADER: str(run.id)}, media_type=JSON)

    @paths.websocket("/ws")
    async def live(
        websocket: WebSocket,
        person: Technician,
        import_id: UUID | None = None,
        after: Annotated[int, Query(ge=0)] = 0,
    ) -> None:
        """Take the same array as one message, or the `import_id` of an earlier one, and tell how it goes."""
        await websocket.accept()
        try:
            if import_id:
                await _tell(websocket, imports.again(import_id, after, stores()), person)
            else:
                with turns.take() as turn:
                    body = await _body(websocket, settings)
                    run = await Import.of(body, JSON, settings, person.known_as)
                    await _tell(websocket, imports.started(run, stores(), turn), person)
        except Problem as problem:
            await _refuse(websocket, problem)
        except StoreError as error:
            logs.logger().warning("not stored", reason=str(error))
            await _refuse(websocket, Unavailable(str(error)))

    return paths


async def _body(websocket: WebSocket, settings: Settings) -> bytes:
    """The first message. Raises `TooLarge`, `Unreadable`."""
    patience, limit = settings.http_patience, settings.max_import_bytes
    try:
        message = await asyncio.wait_for(websocket.receive(), patience)
    except TimeoutError:
        raise Unreadable(f"nothing came within {patience:.0f} s") from None
    body: bytes = message.get("bytes", b"")
    if len(body) > limit:
        raise TooLarge(f"at most {limit} bytes are taken")
    return body


async def _tell(websocket: WebSocket, messages: AsyncGenerator[Message, None], person: Person) -> None:
    """Send all of it, unless the client goes first. Raises what telling it raises, `Unauthenticated`."""
    telling = asyncio.create_task(_send(websocket, messages))
    gone = asyncio.create_task(_gone(websocket))
    try:
        async with person.stay.lasting():
            await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
        if telling.done():
            telling.result()
    finally:
        await ended(telling)
        await ended(gone)


async def _send(websocket: WebSocket, messages: AsyncGenerator[Message, None]) -> None:
    async with aclosing(messages):
        with suppress(WebSocketDisconnect):
            async for message in messages:
                await websocket.send_text(_MESSAGE.dump_json(message, exclude_none=True).decode())
            await websocket.close()


async def _gone(websocket: WebSocket) -> None:
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass


async def _refuse(websocket: WebSocket, problem: Problem) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        await websocket.send_json(problem.body())
        await websocket.close(COME_AGAIN if isinstance(problem, Unavailable) else REFUSED)
