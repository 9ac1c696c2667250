"""The list of all servers: what may be asked for, and the answer, made with as little ado as can be."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from events.status import ServerStatus, State
from intake.api.answers import documented
from intake.former import Former, former
from intake.problems import BadParameter, FieldError, NotCaughtUp
from intake.projection import Page, Sort, Wanted, after
from intake.signin.gate import Viewer
from intake.signin.problems import REFUSALS
from intake.stores import Stores

LARGEST_PAGE = 500
MOST_KEPT = 10_000
"""Servers whose JSON is kept until they change."""


class Listed(BaseModel):
    """A server as its newest onboarding stands."""

    server: str
    site: str = Field(description="The site's token; `_` where the scan named none.")
    onboarding_id: UUID
    state: State
    status: Former = Field(description=Former.__doc__)
    step: str | None = Field(description="Where it failed, waits or comes next; null at an end.")
    reason: str = Field(description="The newest word, for an operator.")
    scanned_at: datetime
    changed_at: datetime


class Servers(BaseModel):
    """A page of the list."""

    servers: list[Listed]
    next: str | None = Field(description="The `cursor` of the next page; null at the last.")


class Asked(BaseModel):
    """The query of a list; what is empty is any."""

    model_config = ConfigDict(extra="ignore")

    site: str = Field("", description="The site's token.")
    state: State | Literal[""] = Field("", description="How the newest onboarding stands.")
    step: str = Field("", description="Where it failed, waits or comes next.")
    text: str = Field("", max_length=64, description="A part of the name.")
    sort: Sort = Sort.SERVER
    limit: int = Field(50, ge=1, le=LARGEST_PAGE)
    cursor: str = Field("", max_length=256, description="`next` of the page before.")

    @classmethod
    def of(cls, request: Request) -> Wanted:
        """What a request wants. Raises `BadParameter`."""
        try:
            asked = cls.model_validate(dict(request.query_params))
        except ValidationError as invalid:
            told = {error["loc"][0]: error["msg"] for error in reversed(invalid.errors())}
            wrong = [FieldError(str(name), None, said) for name, said in told.items()]
            raise BadParameter("; ".join(f"{one.field}: {one.expected}" for one in wrong), wrong) from None
        return asked._wanted()

    def _wanted(self) -> Wanted:
        text = self.text.strip().lower()
        try:
            began = after(self.sort, self.cursor) if self.cursor else None
        except ValueError:
            expected = "`next` of a page of the same sort"
            raise BadParameter(f"cursor: {expected}", [FieldError("cursor", None, expected)]) from None
        state = self.state or None
        return Wanted(self.site or None, state, self.step or None, text, self.sort, self.limit, began)


class Rendered:
    """The JSON of servers, made once for each change."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[ServerStatus, bytes]] = {}

    def page(self, page: Page) -> bytes:
        """A `Servers`."""
        servers = b",".join([self._listed(status) for status in page.servers])
        return b'{"servers":[%b],"next":%b}' % (servers, to_json(page.next))

    def _listed(self, status: ServerStatus) -> bytes:
        known = self._known.get(status.sequence)
        # Of another incarnation of the stream it may be another server's.
        if known is None or known[0] is not status:
            if len(self._known) >= MOST_KEPT:
                self._known.clear()
            known = self._known[status.sequence] = status, to_json(_listed(status))
        return known[1]


def router(stores: Callable[[], Stores]) -> APIRouter:
    """The path of the list."""
    paths = APIRouter()
    rendered = Rendered()

    # FastAPI takes longer to read the query than it takes to find the servers.
    @paths.get(
        "/api/v1/servers",
        response_model=Servers,
        responses=documented(BadParameter, *REFUSALS, NotCaughtUp),
        openapi_extra={"parameters": _parameters()},
    )
    async def servers(request: Request, _person: Viewer) -> Response:
        """Every server that was ever scanned, a page at a time."""
        page = stores().projection.page(Asked.of(request))
        return Response(rendered.page(page), media_type="application/json")

    return paths


def _listed(status: ServerStatus) -> dict[str, Any]:
    """A `Listed`."""
    return {
        "server": status.server,
        "site": status.site,
        "onboarding_id": status.onboarding_id,
        "state": status.state,
        "status": former(status),
        "step": status.at,
        "reason": status.reason,
        "scanned_at": status.scanned_at,
        "changed_at": status.changed_at,
    }


def _parameters() -> list[dict[str, Any]]:
    """The query, for OpenAPI."""
    schema = Asked.model_json_schema()
    parts = _resolved(schema["properties"], schema["$defs"]).items()
    return [{"in": "query", "name": name, "schema": part} for name, part in parts]


def _resolved(part: Any, definitions: dict[str, Any]) -> Any:
    """A schema without references."""
    if isinstance(part, list):
        return [_resolved(each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    referred = definitions.get(part.pop("$ref", "").rpartition("/")[2], {})
    return {**referred, **{name: _resolved(each, definitions) for name, each in part.items()}}
