"""The HTTP API, version 1: every path, every error in RFC 9457's form, OpenAPI at `/openapi.json`."""

from collections.abc import Callable

from fastapi import FastAPI

from events.stream import Stream
from intake.api import (
    asyncapi,
    check,
    dead_letters,
    events,
    health,
    imports,
    keys,
    listing,
    reference,
    servers,
    states,
    webhook,
)
from intake.api.answers import Unexpected, answer_problems, documented
from intake.guards import installing as guards
from intake.guards.problems import TooManyRequests
from intake.settings import Settings
from intake.signin.bucket import SESSIONS
from intake.signin.installing import install
from intake.stores import Stores


def create_app(settings: Settings, stores: Callable[[], Stores]) -> FastAPI:
    """The application. `stores` raises `Away` until NATS is connected."""
    app = FastAPI(
        title="Onramp intake",
        version="1",
        docs_url=None,
        redoc_url=None,
        # A redirect's host and scheme would be those that the request tells: a password could go anywhere.
        redirect_slashes=False,
        dependencies=[guards.rate_limit(settings)],
        responses=documented(TooManyRequests),
    )

    def sessions() -> Stream:
        return Stream(stores().stream.client, SESSIONS, patience=settings.nats_patience)

    install(app, settings, sessions)
    app.include_router(servers.router(settings, stores))
    app.include_router(listing.router(stores))
    app.include_router(states.router(stores))
    app.include_router(events.router(settings, stores))
    app.include_router(asyncapi.router())
    app.include_router(health.router())
    app.include_router(imports.router(settings, stores))
    app.include_router(keys.router(stores))
    app.include_router(dead_letters.router(stores))
    app.include_router(check.router(settings, stores))
    app.include_router(reference.router(settings, stores))
    app.include_router(webhook.router(settings, stores))
    answer_problems(app)
    app.add_middleware(Unexpected)
    guards.wrap(app, settings, signin=app.state.gate.on)
    return app
