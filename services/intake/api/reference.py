"""What a form offers to choose from: NetBox's reference data, with its age, and no error in its place."""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from events import logs
from events.reference import DeviceRole, DeviceType, Location, Prefix, Rack, Site, Tenant
from events.store_errors import StoreError
from events.types import Frozen
from intake.api.aged import Aged, aged
from intake.api.answers import documented
from intake.problems import BadParameter
from intake.reference import Snapshot
from intake.settings import Settings
from intake.signin.gate import Viewer
from intake.signin.problems import REFUSALS
from intake.stores import Stores

PATH = "/api/v1/reference"

Name = Annotated[str | None, Query(description="Its name or slug.", max_length=255)]
TypeName = Annotated[
    str | None,
    Query(
        description="What `free` is told for: a slug, model or `manufacturer/slug`. "
        "Without it, for a full-depth device of one unit.",
        max_length=255,
    ),
]


_UNCHANGED = {"description": "What `If-None-Match` named is still so; `Onramp-As-Of` tells its age"}


class RackChoice(Rack):
    """A rack, and where in it there is room."""

    free: tuple[float, ...] | None = Field(
        description="The lowest units at which the device fits on the front, on the grid of half units; "
        "null where the device type is unknown, or several are called so."
    )


class Answers:
    """Answers with what is known: when nothing can be read, with what was served last."""

    def __init__(self, settings: Settings, stores: Callable[[], Stores]) -> None:
        self._stale_after = settings.reference_stale_after
        self._stores = stores
        self._served = Snapshot()

    async def __call__(self, request: Request, choose: Callable[[Snapshot], Sequence[Frozen]]) -> Response:
        """The list that `choose` takes from the newest snapshot."""
        try:
            self._served = await self._stores().reference.get()
        except StoreError as error:
            logs.logger().warning("reference data is not to be had", reason=str(error))
        return aged(request, self._served, choose(self._served), self._stale_after)


def router(settings: Settings, stores: Callable[[], Stores]) -> APIRouter:
    """A path a kind."""
    paths = APIRouter(prefix=PATH, responses={**documented(*REFUSALS, BadParameter), 304: _UNCHANGED})
    answers = Answers(settings, stores)
    _add_tables(paths, answers)
    _add_places(paths, answers)
    return paths


def _add_tables(paths: APIRouter, answers: Answers) -> None:
    @paths.get("/sites", response_model=Aged[Site])
    async def sites(request: Request, _person: Viewer) -> Response:
        """The sites."""
        return await answers(request, lambda known: known.sites)

    @paths.get("/device-types", response_model=Aged[DeviceType])
    async def device_types(request: Request, _person: Viewer) -> Response:
        """The device types of every manufacturer."""
        return await answers(request, lambda known: known.all(DeviceType))

    @paths.get("/device-roles", response_model=Aged[DeviceRole])
    async def device_roles(request: Request, _person: Viewer) -> Response:
        """The device roles."""
        return await answers(request, lambda known: known.all(DeviceRole))

    @paths.get("/tenants", response_model=Aged[Tenant])
    async def tenants(request: Request, _person: Viewer) -> Response:
        """The tenants."""
        return await answers(request, lambda known: known.all(Tenant))


def _add_places(paths: APIRouter, answers: Answers) -> None:
    @paths.get("/locations", response_model=Aged[Location])
    async def locations(
        request: Request, _person: Viewer, site: Name = None, location: Name = None
    ) -> Response:
        """The locations of a site, or one with those within it."""
        return await answers(request, lambda known: known.locations(site or None, location or None))

    @paths.get("/racks", response_model=Aged[RackChoice])
    async def racks(
        request: Request,
        _person: Viewer,
        site: Name = None,
        location: Name = None,
        device_type: TypeName = None,
    ) -> Response:
        """The racks of a place, what stands in them, and where there is room."""

        def choose(known: Snapshot) -> list[RackChoice]:
            return _with_room(known, known.racks(site or None, location or None), device_type or None)

        return await answers(request, choose)

    @paths.get("/prefixes", response_model=Aged[Prefix])
    async def prefixes(
        request: Request, _person: Viewer, site: Name = None, location: Name = None
    ) -> Response:
        """The prefixes that BMCs of a place may get an address from."""
        return await answers(request, lambda known: known.prefixes(site or None, location or None))


def _with_room(known: Snapshot, racks: Sequence[Rack], named: str | None) -> list[RackChoice]:
    device_type = known.device_type(named) if named else None
    if named and device_type is None:
        return [_choice(rack, None) for rack in racks]
    u_height, is_full_depth = (
        (device_type.u_height, device_type.is_full_depth) if device_type else (1.0, True)
    )
    return [_choice(rack, rack.free_for(u_height, is_full_depth=is_full_depth)) for rack in racks]


def _choice(rack: Rack, free: tuple[float, ...] | None) -> RackChoice:
    return RackChoice(**dict(rack), free=free)
