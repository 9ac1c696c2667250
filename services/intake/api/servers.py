"""Register a server."""

from collections.abc import Callable
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from opentelemetry.trace import SpanKind
from pydantic import BaseModel, Field
from starlette.requests import Request

from events import logs, telemetry
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
    Unreadable,
    UnsupportedBody,
)
from intake.registration import RegistrationRequest
from intake.scan import Scan
from intake.scans import Receipt
from intake.settings import Settings
from intake.signin.gate import Technician
from intake.signin.problems import REFUSALS
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
    """The path of registrations."""
    paths = APIRouter(prefix=PATH)

    @paths.post(
        "/register",
        status_code=202,
        response_model_exclude_none=True,
        responses=documented(*_REFUSALS, *REFUSALS, Unavailable, NoSealingKey),
        openapi_extra={"requestBody": _BODY},
    )
    async def register(request: Request, person: Technician) -> Accepted:
        """Take one server; answered once its scan is stored for good."""
        with telemetry.span("register", dict(request.headers), SpanKind.SERVER):
            scan = Scan.read(await read_object(request, settings.max_body_bytes), settings, person.known_as)
            telemetry.note(**scan.known_as)
            with logs.bound(**scan.known_as):
                receipt = await stores().scans.store(scan)
                logs.logger().info("stored", sequence=receipt.sequence, repeated=receipt.repeated)
        return Accepted.of(receipt)

    return paths
