"""Events as they are stored, as server-sent events."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.responses import StreamingResponse

from events.values import ServerName, SiteToken
from intake.api.answers import documented
from intake.feed import Filter, Telling
from intake.problems import BadParameter, Unavailable
from intake.settings import Settings
from intake.signin.gate import Viewer
from intake.signin.problems import REFUSALS, Unauthenticated
from intake.signin.roles import Person
from intake.stores import Stores

MEDIA_TYPE = "text/event-stream"

_DESCRIPTION = """\
Each event's `id` is `<when the stream was made>-<sequence>`, its `event` the event's name, its `data` an \
entry of a timeline. Come back with the last id as `Last-Event-ID`, as browsers do, and nothing is missed or \
told twice; without one it begins now. When the stream was made anew or is an earlier backup's, an event \
`reset` comes first: what was known is void, and all that stands follows."""


class EventStream(StreamingResponse):
    """As OpenAPI shall know it."""

    media_type = MEDIA_TYPE


def router(settings: Settings, stores: Callable[[], Stores]) -> APIRouter:
    """The path of the events."""
    paths = APIRouter()

    @paths.get(
        "/api/v1/events",
        description=_DESCRIPTION,
        response_class=EventStream,
        responses=documented(BadParameter, *REFUSALS, Unavailable),
    )
    async def events(
        person: Viewer,
        site: Annotated[SiteToken | None, Query()] = None,
        server: Annotated[ServerName | None, Query()] = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> EventStream:
        """What happens from now on, or from where the client was."""
        there = stores()
        telling = Telling(
            there.projection, there.feed, there.stream, Filter(site, server), settings.events_heartbeat
        )
        blocks = _signed_in(person, telling.blocks(last_event_id))
        # Proxies that buffer answers would keep the events back.
        return EventStream(blocks, headers={"X-Accel-Buffering": "no"})

    return paths


async def _signed_in(person: Person, blocks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """What comes as long as the client is signed in."""
    async with aclosing(blocks):
        while True:
            try:
                async with person.stay.lasting():
                    block = await anext(blocks)
            except (StopAsyncIteration, Unauthenticated):
                return
            yield block
