"""The events and their subjects as an AsyncAPI document, for those who subscribe on NATS."""

from fastapi import APIRouter
from starlette.responses import Response

from events.asyncapi import document


def router() -> APIRouter:
    """The path of the document. Nothing secret stands in it."""
    paths = APIRouter()
    content = document().encode()

    @paths.get("/asyncapi", response_model=dict[str, object])
    async def asyncapi() -> Response:
        """AsyncAPI 3.0, as JSON."""
        return Response(content, media_type="application/json")

    return paths
