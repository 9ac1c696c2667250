"""Who sends a request, and whether they may: a session's cookie speaks for them, or a bearer token."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

from fastapi import Security
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.requests import HTTPConnection

from events.stream import Stream
from intake.guards.rates import Rates
from intake.signin.browser import SESSION, Cookies, check_meant
from intake.signin.problems import Forbidden, Unauthenticated
from intake.signin.provider import Provider
from intake.signin.roles import ANYBODY, Identity, Person, Role, roles_of
from intake.signin.sessions import Session, Sessions
from intake.signin.settings import SignInSettings
from intake.signin.stays import Stay
from intake.signin.tokens import LEEWAY, identity, verified


class Gate:
    """What every path that asks for a role goes through."""

    def __init__(self, settings: SignInSettings, bucket: Callable[[], Stream]) -> None:
        self.settings = settings
        self.on = bool(settings.oidc_issuer)
        self.provider = Provider(settings)
        self.sessions = Sessions(bucket, settings.session_lifetime)
        self.cookies = Cookies(settings)
        self._rates = Rates(settings.requests_per_person)

    async def person(self, connection: HTTPConnection) -> Person:
        """Whoever sent this. Raises `Unauthenticated`, `CrossOrigin`, `Forbidden`, `TooManyRequests`."""
        if not self.on:
            return ANYBODY
        who, stay = await self._identity(connection)
        self._rates.take(who.subject)
        return replace(self.admitted(who), stay=stay)

    def admitted(self, who: Identity) -> Person:
        """The person with their roles. Raises `Forbidden` outside of the required group."""
        required = self.settings.required_group
        if required and required not in who.groups:
            raise Forbidden(f"you are not in the group {required}")
        return Person(who.name, who.subject, roles_of(who.groups, self.settings))

    async def session(self, connection: HTTPConnection) -> Session | None:
        """The session that the request's cookie speaks of."""
        return await self.sessions.find(connection.cookies.get(self.cookies.session))

    async def _identity(self, connection: HTTPConnection) -> tuple[Identity, Stay]:
        """Who it is and for how long.

        A bearer token first: a page of another origin can't make a browser send one.
        """
        if authorization := connection.headers.get("authorization"):
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer":
                raise Unauthenticated("send Authorization: Bearer and a token")
            claims = await verified(token.strip(), self.settings.oidc_audience, self.provider)
            stay = Stay()
            stay.end(at=claims["exp"] + LEEWAY)
            return identity(claims, self.settings.oidc_groups_claim), stay
        stay = self.sessions.stay(connection.cookies.get(self.cookies.session, ""))
        session = await self.session(connection)
        if session is None:
            raise Unauthenticated("sign in at /auth/login, or send a bearer token")
        check_meant(connection, session.csrf_token, self.settings.public_url)
        stay.end(at=session.expires_at.timestamp())
        return session.identity, stay


_ON = "Asked for while sign-in is on: with an empty `ONRAMP_OIDC_ISSUER` anybody may do everything."
_BEARER = HTTPBearer(
    scheme_name="bearer",
    bearerFormat="JWT",
    description=f"A token of the OpenID provider, made for `ONRAMP_OIDC_AUDIENCE`. {_ON}",
    auto_error=False,
)
_SESSION = APIKeyCookie(
    scheme_name="session",
    name=SESSION,
    description="A browser's, from `/auth/login`. What changes something needs `X-CSRF-Token` with it, "
    f"as `/auth/userinfo` tells it. {_ON}",
    auto_error=False,
)
"""Both are there for OpenAPI, which tells the role beside them: the gate reads them itself."""


def requires(role: Role | None = None) -> Callable[..., Awaitable[Person]]:
    """A dependency of a path: the person who sent the request, if they have this role."""

    async def allowed(
        connection: HTTPConnection,
        _bearer: Annotated[object, Security(_BEARER)],
        _session: Annotated[object, Security(_SESSION)],
    ) -> Person:
        gate: Gate = connection.app.state.gate
        person = await gate.person(connection)
        if role and role not in person.roles:
            raise Forbidden(f"this needs the role {role}")
        return person

    return allowed


SignedIn = Annotated[Person, Security(requires())]
Viewer = Annotated[Person, Security(requires(Role.VIEWER), scopes=[Role.VIEWER])]
Technician = Annotated[Person, Security(requires(Role.TECHNICIAN), scopes=[Role.TECHNICIAN])]
Operator = Annotated[Person, Security(requires(Role.OPERATOR), scopes=[Role.OPERATOR])]
