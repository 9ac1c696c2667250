"""An event as the API tells it: what its subject, its headers and its payload say, in one JSON object."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from pydantic import BaseModel, Field
from pydantic_core import from_json, to_json

from events.stored import Stored
from events.subjects import parse

SECRET = frozenset({"sealed_password"})
"""Parts of a payload that are nobody's business here, sealed or not."""


class Told(BaseModel):
    """An event as it stands in the stream."""

    sequence: int
    time: str = Field(description="When the stream took it (RFC 3339).")
    id: str
    event: str = Field(description="As in its subject: `server-scanned`.")
    source: str = Field(description="The service that told it.")
    onboarding_id: str
    server: str
    site: str = Field(description="The site's token; `_` where the scan named none.")
    data: dict[str, Any] | None = Field(description="Its payload, as /asyncapi has it, without the seal.")


def told(stored: Stored) -> dict[str, Any]:
    """A `Told` of what stands. Without data where that is no JSON object."""
    address = parse(stored.subject)
    return {
        "sequence": stored.sequence,
        "time": stored.time,
        "id": stored.id,
        "event": address.event,
        "source": unquote(stored.headers.get("ce-source", "")).removeprefix("/onramp/"),
        "onboarding_id": stored.onboarding_id,
        "server": address.server,
        "site": address.site,
        "data": _data(stored.data),
    }


def as_json(stored: Stored) -> bytes:
    """The same as it goes out."""
    return to_json(told(stored))


def _data(payload: bytes) -> Mapping[str, Any] | None:
    try:
        data = from_json(payload)
    except ValueError:
        return None
    return {name: data[name] for name in data if name not in SECRET} if isinstance(data, dict) else None
