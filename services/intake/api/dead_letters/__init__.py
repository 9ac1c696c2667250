"""What gave up and waits for an operator: seen, sent back to its step, or given up for good."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import ValidationError
from starlette.requests import Request

from events.dead_letters import DeadLetter
from events.errors import Refuse
from events.operations import Operations
from events.replays import InFlight, Replays
from events.store_errors import Overtaken
from intake.api.answers import documented
from intake.api.body import read_object
from intake.api.dead_letters.shapes import (
    Done,
    Letter,
    Letters,
    NoDeadLetter,
    NoReason,
    NoStep,
    ReplayInFlight,
    Why,
)
from intake.problems import (
    BadParameter,
    FieldError,
    TooLarge,
    Unavailable,
    Unreadable,
    UnsupportedBody,
)
from intake.signin.gate import Operator, Viewer
from intake.signin.problems import REFUSALS
from intake.signin.roles import Person
from intake.stores import Stores

LONGEST_BODY = 4096
"""Bytes: a reason is a sentence."""

LAST = 2**53
"""No sequence is beyond it: JSON's numbers are exact up to there (RFC 8259, section 6)."""
Id = Annotated[int, Path(ge=1, le=LAST)]

_BODY = {
    "requestBody": {"content": {"application/json": {"schema": Why.model_json_schema()}}, "required": True}
}
_REFUSALS = (
    NoDeadLetter,
    ReplayInFlight,
    NoReason,
    Unreadable,
    UnsupportedBody,
    TooLarge,
    *REFUSALS,
    Unavailable,
)


def router(stores: Callable[[], Stores]) -> APIRouter:
    """The operators' paths."""
    paths = APIRouter(prefix="/api/v1/dead-letters", tags=["operators"])

    @paths.get("", responses=documented(*REFUSALS, BadParameter, Unavailable))
    async def dead_letters(
        person: Viewer,
        after: Annotated[int, Query(ge=0, le=LAST, description="The `next` of the page before.")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Letters:
        """What waits for an operator."""
        replays = _replays(stores(), person)
        page: list[Letter] = []
        async for letter in replays.standing(after):
            if len(page) == limit:
                return Letters(dead_letters=page, next=page[-1].id)
            page.append(Letter.of(letter, superseded=await replays.superseded(letter)))
        return Letters(dead_letters=page, next=None)

    @paths.post(
        "/{id}/replay", status_code=202, responses=documented(NoStep, *_REFUSALS), openapi_extra=_BODY
    )
    async def replay(id: Id, request: Request, person: Operator) -> Done:
        """Send it back to the one step that failed; what comes of it shows in the server's status."""
        why = await _why(request)
        with _refusals():
            replays = _replays(stores(), person)
            await replays.replay(await _found(replays, id), why)
        return Done(dead_letter=id, by=_name(person))

    @paths.post("/{id}/discard", responses=documented(*_REFUSALS), openapi_extra=_BODY)
    async def discard(id: Id, request: Request, person: Operator) -> Done:
        """Give it up: its onboarding ends, and says who ended it and why."""
        why = await _why(request)
        with _refusals():
            replays = _replays(stores(), person)
            await replays.discard(await _found(replays, id), why)
        return Done(dead_letter=id, by=_name(person))

    return paths


def _name(person: Person) -> str:
    return person.known_as or person.name


def _replays(stores: Stores, person: Person) -> Replays:
    return Replays(stores.stream, Operations(stores.stream, _name(person)))


async def _why(request: Request) -> str:
    body = await read_object(request, LONGEST_BODY)
    try:
        return Why.model_validate(body).reason
    except ValidationError:
        expected = FieldError("reason", None, "a sentence of at most 255 characters")
    raise NoReason("say why, in the field reason", [expected])


async def _found(replays: Replays, id: int) -> DeadLetter:
    try:
        return await replays.find(id)
    except Refuse as refused:
        raise NoDeadLetter(refused.reason) from None


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except Refuse as refused:
        raise NoStep(refused.reason) from None
    except InFlight as in_flight:
        raise ReplayInFlight(str(in_flight)) from None
    except Overtaken:
        raise ReplayInFlight("somebody else has just acted on it: look again") from None
