"""Sign-in put on the application: its gate, and its paths."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

from events import logs
from events.stream import Stream
from intake.signin.bucket import Records
from intake.signin.code_flow import Login
from intake.signin.gate import Gate
from intake.signin.routes import router
from intake.signin.settings import SignInSettings


def install(app: FastAPI, settings: SignInSettings, bucket: Callable[[], Stream]) -> None:
    """Put the gate and the paths of sign-in on the application. `bucket`: `SESSIONS`."""
    gate = Gate(settings, bucket)
    app.state.gate = gate
    app.include_router(router(gate, Records(bucket, "login", Login)))
    _name_the_cookie(app, gate)
    if not gate.on:
        logs.logger().warning("sign-in is off: anybody may do everything", setting="ONRAMP_OIDC_ISSUER")


def _name_the_cookie(app: FastAPI, gate: Gate) -> None:
    """In OpenAPI, as it is called here: paths are declared before it is known whether over https."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        document["components"]["securitySchemes"]["session"]["name"] = gate.cookies.session
        return document

    app.openapi = openapi  # type: ignore[method-assign]
