"""What a registration would do, step by step, before the technician presses go."""

from collections.abc import Callable

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request

from events.values import ServerName
from events.verdicts import Verdict
from intake.api.answers import documented
from intake.api.body import read_object
from intake.check import read_question, verdicts
from intake.problems import BadRegistration, TooLarge, Unavailable, Unreadable, UnsupportedBody
from intake.registration import RegistrationRequest
from intake.rules import warnings
from intake.settings import Settings
from intake.signin.gate import Technician
from intake.signin.problems import REFUSALS
from intake.stores import Stores

_BODY = {
    "content": {"application/json": {"schema": RegistrationRequest.model_json_schema()}},
    "required": True,
    "description": "The registration without its password: one that has a password is refused.",
}


class Foreseen(BaseModel):
    """What would happen; nothing has."""

    server: ServerName
    warnings: tuple[str, ...] = ()
    steps: list[Verdict] = Field(description="In the order in which they would be done.")


def router(settings: Settings, stores: Callable[[], Stores]) -> APIRouter:
    """The path of the check."""
    paths = APIRouter(prefix="/api/v1/servers")

    @paths.post(
        "/check",
        responses=documented(Unreadable, UnsupportedBody, TooLarge, BadRegistration, *REFUSALS, Unavailable),
        openapi_extra={"requestBody": _BODY},
    )
    async def check(request: Request, _person: Technician) -> Foreseen:
        """Ask every step what it would do; answered within two seconds, whoever is silent."""
        record = await read_object(request, settings.max_body_bytes)
        question, read = read_question(record, settings)
        steps = await verdicts(question, stores().stream)
        return Foreseen(server=question.server, warnings=warnings(read), steps=steps)

    return paths
