"""Puts the guards around the application."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from intake.guards.headers import SIGN_IN, SecurityHeaders
from intake.guards.rates import Rates, per_address
from intake.guards.settings import GuardSettings, listed


def rate_limit(settings: GuardSettings) -> Any:
    """A dependency of the whole application."""
    return Depends(per_address(Rates(settings.requests_per_address)))


def wrap(app: FastAPI, settings: GuardSettings, *, signin: bool) -> None:
    """Put the headers around all that the application answers, its errors too: the last to be put there."""
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=listed(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "If-None-Match", "Last-Event-ID"],
            expose_headers=["ETag", "Onramp-As-Of", "Onramp-Import-Id", SIGN_IN, "Retry-After"],
        )
    app.add_middleware(ProxyHeadersMiddleware, trusted_hosts=listed(settings.trusted_proxies))
    app.add_middleware(SecurityHeaders, https=settings.public_url.startswith("https:"), signin=signin)
