"""Register a server, and see how it stands."""

from collections.abc import Callable
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from opentelemetry.trace import SpanKind
from pydantic import BaseModel, Field
from starlette.requests import Request

from events import logs, telemetry
from events.fold import fold
from events.status import ServerStatus
from events.subjects import event_of_any_site
from events.values import ServerName
from intake.api.answers import documented
from intake.api.body import read_object
from intake.problems import (
    BadRegistration,
    IdTaken,
    NoSealingKey,
    OlderScan,
    TooLarge,
    Unavailable,
    UnknownServer,
    Unreadable,
    UnsupportedBody,
)
from intake.registration import RegistrationRequest
from intake.scan import Scan
from intake.scans import Receipt
from intake.settings import Settings
from intake.stores import Stores

PATH = "/api/v1/servers"

_BODY = {
    "content": {"application/json": {"schema": RegistrationRequest.model_json_schema()}},
    "required": True,
}
_REFUSALS = (Unreadable, UnsupportedBody, TooLarge, BadRegistration, IdTaken, OlderScan)


class Accepted(BaseModel):
    """The scan is stored, and what follows from it will happen."""

    onboarding_id: UUID
    server: ServerName
    status_url: str = Field(description="Where to see how it goes, on this host.")
    warnings: tuple[str, ...] = ()
    password_compared: Literal[False] | None = Field(
        None, description="There when this onboarding_id was stored before: the password was not looked at."
    )

    @classmethod
    def of(cls, receipt: Receipt) -> "Accepted":
        """The answer to a stored scan."""
        scan = receipt.scan
        return cls(
            onboarding_id=scan.onboarding_id,
            server=scan.server,
            status_url=f"{PATH}/{scan.server}/status",
            warnings=scan.warnings,
            password_compared=False if receipt.repeated else None,
        )


def router(settings: Settings, stores: Callable[[], Stores]) -> APIRouter:
    """The paths of one server."""
    paths = APIRouter(prefix=PATH)

    @paths.post(
        "/register",
        status_code=202,
        response_model_exclude_none=True,
        responses=documented(*_REFUSALS, Unavailable, NoSealingKey),
        openapi_extra={"requestBody": _BODY},
    )
    async def register(request: Request) -> Accepted:
        """Take one server; answered once its scan is stored for good."""
        with telemetry.span("register", dict(request.headers), SpanKind.SERVER):
            scan = Scan.read(await read_object(request, settings.max_body_bytes), settings)
            with logs.bound(onboarding_id=str(scan.onboarding_id), server=scan.server):
                receipt = await stores().scans.store(scan)
                logs.logger().info("stored", sequence=receipt.sequence, repeated=receipt.repeated)
        return Accepted.of(receipt)

    @paths.get("/{server}/status", responses=documented(UnknownServer, Unavailable))
    async def status(server: str) -> ServerStatus:
        """The newest onboarding of a server, step by step."""
        found = await _status(server, stores())
        if found is None:
            raise UnknownServer("nothing of this name was ever scanned")
        return found

    return paths


async def _status(server: str, stores: Stores) -> ServerStatus | None:
    try:
        name = ServerName(server)
    except ValueError:
        return None
    return fold(await stores.stream.last_of_each([event_of_any_site("*", name)]))
