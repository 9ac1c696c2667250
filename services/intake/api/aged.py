"""Lists that say how old they are, and are sent again only when something in them changed."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from events.types import Frozen
from intake.reference import Snapshot

T = TypeVar("T")

AS_OF = "Onramp-As-Of"
"""The header that tells the age to whoever is answered 304; left out where there is no data."""


class Aged(BaseModel, Generic[T]):
    """What is known, and since when."""

    as_of: datetime | None = Field(description="When NetBox was read; null where it never was.")
    age_seconds: int | None
    stale: bool = Field(description="Whether it is too old to lean on, or not there at all.")
    items: list[T]


def aged(request: Request, snapshot: Snapshot, items: Sequence[Frozen], stale_after: float) -> Response:
    """The list, or 304. The ETag is weak, since the age is no part of what it stands for."""
    age = snapshot.age
    stale = age is None or age > stale_after
    listed = [item.model_dump(mode="json") for item in items]
    digest = hashlib.sha256(json.dumps([stale, listed]).encode()).hexdigest()[:32]
    headers = {"ETag": f'W/"{digest}"', "Cache-Control": "no-cache"}
    if snapshot.as_of:
        headers[AS_OF] = snapshot.as_of.isoformat()
    if _holds(request.headers.get("if-none-match", ""), digest):
        return Response(status_code=304, headers=headers)
    body = {
        "as_of": snapshot.as_of.isoformat() if snapshot.as_of else None,
        "age_seconds": None if age is None else max(int(age), 0),
        "stale": stale,
        "items": listed,
    }
    return JSONResponse(body, headers=headers)


def _holds(if_none_match: str, digest: str) -> bool:
    """By RFC 9110's weak comparison (section 8.8.3.2)."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or f'"{digest}"' in tags
