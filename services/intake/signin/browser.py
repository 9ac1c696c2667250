"""What a browser holds of a sign-in: two cookies, and proof that a request came from a page of ours."""

import hmac

from starlette.requests import HTTPConnection
from starlette.responses import Response

from intake.signin.problems import CrossOrigin
from intake.signin.settings import SignInSettings

CSRF_HEADER = "X-CSRF-Token"
"""Carries the token that `/auth/userinfo` tells; another origin's page can't read it from there."""

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


SESSION = "onramp-session"


class Cookies:
    """Our cookies. Over https they bear the prefix that keeps every other host from setting them."""

    def __init__(self, settings: SignInSettings) -> None:
        self._secure = settings.public_url.startswith("https:")
        prefix = "__Host-" if self._secure else ""
        self.session = f"{prefix}{SESSION}"
        self.login = f"{prefix}onramp-login"

    def set(self, response: Response, name: str, value: str, lifetime: float) -> None:
        """Give it to the browser for so many seconds."""
        response.set_cookie(
            name, value, max_age=int(lifetime), path="/", secure=self._secure, httponly=True, samesite="lax"
        )

    def clear(self, response: Response, name: str) -> None:
        """Take it away."""
        response.delete_cookie(name, path="/", secure=self._secure, httponly=True, samesite="lax")


def check_meant(connection: HTTPConnection, csrf_token: str, origin: str) -> None:
    """Raise `CrossOrigin` unless a page of ours sent this. For requests that a cookie speaks for.

    A WebSocket can't carry the header: there the origin, which a browser always sends, must be ours.
    """
    came_from = connection.headers.get("origin")
    if connection.scope["type"] == "websocket":
        if came_from != origin:
            raise CrossOrigin(f"open it from a page of {origin}")
        return
    if connection.scope["method"] in SAFE:
        return
    if came_from not in {None, origin}:
        raise CrossOrigin(f"send it from a page of {origin}")
    token = connection.headers.get(CSRF_HEADER, "")
    if not hmac.compare_digest(token.encode(), csrf_token.encode()):
        raise CrossOrigin(f"send the header {CSRF_HEADER} with the token that /auth/userinfo tells")


def check_followed_here(connection: HTTPConnection) -> None:
    """Raise `CrossOrigin` when another site's page led the browser here."""
    if connection.headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
        raise CrossOrigin("another site's page led here: follow a link of this host")
