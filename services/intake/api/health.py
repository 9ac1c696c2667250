"""Whether anybody is there, as the former onboarding server answered it."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel


class Health(BaseModel):
    """The process answers; `/readyz` says whether it can work."""

    status: Literal["ok"] = "ok"


def router() -> APIRouter:
    """The path that load balancers of old ask."""
    paths = APIRouter()

    @paths.get("/healthz")
    async def healthz() -> Health:
        """The same as `/livez`."""
        return Health()

    return paths
