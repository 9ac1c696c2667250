"""The OpenAPI document tells who may do what, and how to show who you are."""

from typing import Any

import pytest

from tests.integration.intake.signin.conftest import HERE, Guarded

ROLES = {
    "GET /api/v1/servers": "viewer",
    "GET /api/v1/servers/{server}/status": "viewer",
    "GET /api/v1/servers/{server}/timeline": "viewer",
    "GET /api/v1/events": "viewer",
    "GET /api/v1/keys": "viewer",
    "GET /api/v1/dead-letters": "viewer",
    "GET /api/v1/reference/sites": "viewer",
    "GET /api/v1/reference/locations": "viewer",
    "GET /api/v1/reference/racks": "viewer",
    "GET /api/v1/reference/device-types": "viewer",
    "GET /api/v1/reference/device-roles": "viewer",
    "GET /api/v1/reference/tenants": "viewer",
    "GET /api/v1/reference/prefixes": "viewer",
    "POST /api/v1/servers/register": "technician",
    "POST /api/v1/servers/import": "technician",
    "POST /api/v1/servers/check": "technician",
    "POST /api/v1/dead-letters/{id}/replay": "operator",
    "POST /api/v1/dead-letters/{id}/discard": "operator",
}
SIGNED_IN = {"GET /auth/userinfo"}
"""Any role will do, and none."""
OPEN = {
    "GET /auth/login",
    "GET /callback",
    "GET /auth/logout",
    "GET /asyncapi",
    "GET /healthz",
    "POST /api/v1/reference/refresh",
}


async def document(guarded: Guarded) -> dict[str, Any]:
    found: dict[str, Any] = (await guarded.browser().get("/openapi.json")).json()
    return found


async def test_each_operation_names_the_role_that_it_needs(guarded: Guarded) -> None:
    told = {
        f"{method.upper()} {path}": operation.get("security")
        for path, methods in (await document(guarded))["paths"].items()
        for method, operation in methods.items()
    }
    needed: dict[str, Any] = {
        **{operation: [{"bearer": [role]}, {"session": [role]}] for operation, role in ROLES.items()},
        **{operation: [{"bearer": []}, {"session": []}] for operation in SIGNED_IN},
        **dict.fromkeys(OPEN, None),
    }
    assert told == needed


async def test_whoever_lacks_just_that_role_is_turned_away(guarded: Guarded) -> None:
    below = {"viewer": "guest", "technician": "vera", "operator": "tom"}
    lacking = {role: guarded.script_of(name) for role, name in below.items()}
    for operation, role in ROLES.items():
        method, path = operation.replace("{server}", "s0").replace("{id}", "1").split()
        assert (await lacking[role].request(method, path)).status_code == 403, operation


async def test_a_stranger_is_asked_to_sign_in(guarded: Guarded) -> None:
    stranger = guarded.browser()
    for operation in [*ROLES, *SIGNED_IN]:
        method, path = operation.replace("{server}", "s0").replace("{id}", "1").split()
        assert (await stranger.request(method, path)).status_code == 401, operation


async def test_a_bearer_token_is_a_jwt_and_both_ways_say_when_they_are_off(guarded: Guarded) -> None:
    schemes = (await document(guarded))["components"]["securitySchemes"]
    bearer, session = schemes["bearer"], schemes["session"]
    assert (bearer["type"], bearer["scheme"], bearer["bearerFormat"]) == ("http", "bearer", "JWT")
    assert (session["type"], session["in"]) == ("apiKey", "cookie")
    assert "empty `ONRAMP_OIDC_ISSUER`" in bearer["description"]
    assert "empty `ONRAMP_OIDC_ISSUER`" in session["description"]


@pytest.mark.parametrize("here", [HERE, "https://intake.test"])
async def test_the_cookie_is_named_as_it_is_set(guarded: Guarded, here: str) -> None:
    guarded.use(public_url=here)
    answer = await guarded.sign_in(guarded.browser(), "tom")
    name = (await document(guarded))["components"]["securitySchemes"]["session"]["name"]
    assert any(cookie.startswith(f"{name}=") for cookie in answer.headers.get_list("Set-Cookie"))
