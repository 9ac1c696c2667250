"""Sign in, come back, see who you are, sign out."""

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field
from starlette.requests import Request

from events import logs
from intake.api.answers import documented
from intake.problems import Unavailable
from intake.signin.browser import check_followed_here
from intake.signin.bucket import Records
from intake.signin.code_flow import LOGIN_LIFETIME, CodeFlow, Login
from intake.signin.gate import Gate, SignedIn
from intake.signin.problems import (
    BadDestination,
    CrossOrigin,
    Forbidden,
    ProviderAway,
    SignInFailed,
    SignInOff,
    Unauthenticated,
)
from intake.signin.roles import Role


class UserInfo(BaseModel):
    """Who you are here."""

    signin: bool = Field(description="False while sign-in is off: anybody may do everything.")
    name: str
    subject: str
    roles: list[Role]
    csrf_token: str | None = Field(description="To be sent as `X-CSRF-Token` with what changes something.")


def router(gate: Gate, logins: Records[Login]) -> APIRouter:
    """The paths of sign-in."""
    paths = APIRouter(tags=["sign-in"])
    flow = CodeFlow(gate.settings, gate.provider)
    cookies = gate.cookies

    @paths.get(
        "/auth/login",
        response_class=RedirectResponse,
        status_code=303,
        responses=documented(BadDestination, SignInOff, ProviderAway),
    )
    async def login(
        next: Annotated[str, Query(description="A page of this host.")] = "/",
    ) -> RedirectResponse:
        """Leave for the provider, to come back to `next`."""
        if not gate.on:
            raise SignInOff("no provider is set: anybody may do everything")
        begun = Login.to(_own_page(next))
        answer = RedirectResponse(await flow.address(begun), 303)
        cookies.set(answer, cookies.login, await logins.put(begun), LOGIN_LIFETIME)
        return answer

    @paths.get(
        "/callback",
        response_class=RedirectResponse,
        status_code=303,
        responses=documented(SignInFailed, Forbidden, Unavailable),
    )
    async def callback(request: Request) -> RedirectResponse:
        """Come back from the provider. Works once for each `/auth/login`, in the browser that began it."""
        begun = await logins.take(request.cookies.get(cookies.login, ""))
        if begun is None:
            raise SignInFailed("this browser has begun no sign-in, or has come back from it before")
        who = await flow.identity(begun, request.query_params)
        gate.admitted(who)
        await gate.sessions.close(request.cookies.get(cookies.session))
        answer = RedirectResponse(begun.destination, 303)
        secret = await gate.sessions.open(who)
        cookies.set(answer, cookies.session, secret, gate.settings.session_lifetime)
        cookies.clear(answer, cookies.login)
        logs.logger().info("signed in", subject=who.subject)
        return answer

    @paths.get("/auth/userinfo", responses=documented(Unauthenticated, Forbidden, Unavailable))
    async def userinfo(request: Request, person: SignedIn) -> UserInfo:
        """Who you are, what you may do, and whether sign-in is on at all."""
        session = await gate.session(request) if gate.on else None
        return UserInfo(
            signin=gate.on,
            name=person.name,
            subject=person.subject,
            roles=[role for role in Role if role in person.roles],
            csrf_token=session.csrf_token if session else None,
        )

    @paths.get(
        "/auth/logout",
        response_class=RedirectResponse,
        status_code=303,
        responses=documented(CrossOrigin, Unavailable),
    )
    async def logout(request: Request) -> RedirectResponse:
        """End the session here, then the provider's (OpenID Connect RP-Initiated Logout 1.0)."""
        check_followed_here(request)
        await gate.sessions.close(request.cookies.get(cookies.session))
        answer = RedirectResponse(await _after_logout(gate), 303)
        cookies.clear(answer, cookies.session)
        return answer

    return paths


def _own_page(destination: str) -> str:
    r"""The page, if it is one of this host. Browsers take `\\` for `/` and drop control characters."""
    parts = urlsplit(destination)
    odd = "\\" in destination or not destination.isprintable() or destination.startswith("//")
    if odd or parts.scheme or parts.netloc or not destination.startswith("/"):
        raise BadDestination("next must be a path of this host, as in /servers")
    return destination


async def _after_logout(gate: Gate) -> str:
    home = f"{gate.settings.public_url}/"
    try:
        endpoint = (await gate.provider.metadata()).end_session_endpoint if gate.on else None
    except ProviderAway:
        return home
    said = {"client_id": gate.settings.oidc_client_id, "post_logout_redirect_uri": home}
    return f"{endpoint}?{urlencode(said)}" if endpoint else home
