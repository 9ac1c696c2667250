"""The public keys that a client may seal a password to before it leaves the phone."""

from collections.abc import Callable

from fastapi import APIRouter
from pydantic import BaseModel, Field

from events.seal import PublicKey
from intake.api.answers import documented
from intake.problems import Unavailable
from intake.signin.gate import Viewer
from intake.signin.problems import REFUSALS
from intake.stores import Stores


class KeySet(BaseModel):
    """A JWK Set (RFC 7517, section 5)."""

    keys: list[PublicKey] = Field(description="Every key that seals, the newest first: use that.")


def router(stores: Callable[[], Stores]) -> APIRouter:
    """The path of the keys."""
    paths = APIRouter(prefix="/api/v1/keys")

    @paths.get("", responses=documented(*REFUSALS, Unavailable))
    async def keys(_person: Viewer) -> KeySet:
        """The public sealing keys."""
        return KeySet(keys=await stores().keys.sealing())

    return paths
