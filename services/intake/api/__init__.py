"""The HTTP API, version 1: every path, every error in RFC 9457's form, OpenAPI at `/openapi.json`."""

from collections.abc import Callable

from fastapi import FastAPI

from intake.api import keys, servers
from intake.api.answers import Unexpected, answer_problems
from intake.settings import Settings
from intake.stores import Stores


def create_app(settings: Settings, stores: Callable[[], Stores]) -> FastAPI:
    """The application. `stores` raises `Away` until NATS is connected."""
    app = FastAPI(title="Onramp intake", version="1", docs_url=None, redoc_url=None)
    app.include_router(servers.router(settings, stores))
    app.include_router(keys.router(stores))
    answer_problems(app)
    app.add_middleware(Unexpected)
    return app
