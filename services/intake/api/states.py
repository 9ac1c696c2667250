"""How one server stands, and how it came to that."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.responses import Response

from events.status import ServerStatus
from intake.api.answers import documented
from intake.former import Former, former
from intake.lookup import Found
from intake.problems import NotCaughtUp, Unavailable, UnknownServer
from intake.signin.gate import Viewer
from intake.signin.problems import REFUSALS
from intake.stores import Stores
from intake.told import Told, told


@dataclass(frozen=True, slots=True)
class Standing(ServerStatus):
    """An onboarding step by step, in our words and as `status` in those of the former onboarding server."""

    status: Annotated[Former, Field(description=Former.__doc__)]
    superseded_by: Annotated[UUID | None, Field(description="The server's newest onboarding, if another.")]

    @classmethod
    def of(cls, found: Found) -> "Standing":
        """The answer to what was found."""
        own = {field.name: getattr(found.status, field.name) for field in fields(ServerStatus)}
        return cls(**own, status=former(found.status), superseded_by=found.superseded_by)


class Timeline(BaseModel):
    """The events of a server, or of one onboarding of it, the first one first."""

    events: list[Told]


def router(stores: Callable[[], Stores]) -> APIRouter:
    """The paths that look."""
    paths = APIRouter(prefix="/api/v1/servers")
    one = documented(UnknownServer, *REFUSALS, Unavailable, NotCaughtUp)

    @paths.get("/{server}/status", responses=one)
    async def status(server: str, _person: Viewer) -> Standing:
        """An onboarding, by its id, or the newest of a server, by its name."""
        return Standing.of(await stores().lookup.status(server))

    @paths.get("/{server}/timeline", response_model=Timeline, responses=one)
    async def timeline(server: str, _person: Viewer) -> Response:
        """What happened in an onboarding, by its id, or ever to a server, by its name."""
        events = [told(stored) for stored in await stores().lookup.timeline(server)]
        return Response(to_json({"events": events}), media_type="application/json")

    return paths
