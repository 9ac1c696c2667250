"""Who sends a request, and whether they may: a session's cookie speaks for them, or a bearer token."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from events.stream import Stream
from intake.guards.rates import Rates
from intake.signin.browser import Cookies, check_meant
from intake.signin.problems import Forbidden, Unauthenticated
from intake.signin.provider import Provider
from intake.signin.roles import ANYBODY, Identity, Person, Role, roles_of
from intake.signin.sessions import Session, Sessions
from intake.signin.settings import SignInSettings
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
        who, until = await self._identity(connection)
        self._rates.take(who.subject)
        return replace(self.admitted(who), until=until)

    def admitted(self, who: Identity) -> Person:
        """The person with their roles. Raises `Forbidden` outside of the required group."""
        required = self.settings.required_group
        if required and required not in who.groups:
            raise Forbidden(f"you are not in the group {required}")
        return Person(who.name, who.subject, roles_of(who.groups, self.settings))

    async def session(self, connection: HTTPConnection) -> Session | None:
        """The session that the request's cookie speaks of."""
        return await self.sessions.find(connection.cookies.get(self.cookies.session))

    async def _identity(self, connection: HTTPConnection) -> tuple[Identity, float]:
        """Who it is and until when, in Unix seconds.

        A bearer token first: a page of another origin can't make a browser send one.
        """
        if authorization := connection.headers.get("authorization"):
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer":
                raise Unauthenticated("send Authorization: Bearer and a token")
            claims = await verified(token.strip(), self.settings.oidc_audience, self.provider)
            return identity(claims, self.settings.oidc_groups_claim), claims["exp"] + LEEWAY
        session = await self.session(connection)
        if session is None:
            raise Unauthenticated("sign in at /auth/login, or send a bearer token")
        check_meant(connection, session.csrf_token, self.settings.public_url)
        return session.identity, session.expires_at.timestamp()


def requires(role: Role) -> Callable[[HTTPConnection], Awaitable[Person]]:
    """A dependency of a path: the person who sent the request, if they have this role."""

    async def allowed(connection: HTTPConnection) -> Person:
        gate: Gate = connection.app.state.gate
        person = await gate.person(connection)
        if role not in person.roles:
            raise Forbidden(f"this needs the role {role}")
        return person

    return allowed


Viewer = Annotated[Person, Depends(requires(Role.VIEWER))]
Technician = Annotated[Person, Depends(requires(Role.TECHNICIAN))]
Operator = Annotated[Person, Depends(requires(Role.OPERATOR))]
