"""The headers of every answer that a browser's protections hang on (OWASP's secure headers)."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEFAULTS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""A page that needs other ones, as the app's does of the first, sets its own."""

HSTS = "max-age=31536000"
SIGN_IN = "Onramp-Sign-In"
"""`off` where anybody may do everything: whoever looks at any answer sees it."""


class SecurityHeaders:
    """Adds what an answer does not say itself."""

    def __init__(self, app: ASGIApp, *, https: bool, signin: bool) -> None:
        self._app = app
        self._defaults = {
            **DEFAULTS,
            **({"Strict-Transport-Security": HSTS} if https else {}),
            **({} if signin else {SIGN_IN: "off"}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on."""

        async def sending(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.http.response.start"}:
                self._complete(MutableHeaders(scope=message), message["status"])
            await send(message)

        await self._app(scope, receive, sending)

    def _complete(self, headers: MutableHeaders, status: int) -> None:
        for name, value in self._defaults.items():
            headers.setdefault(name, value)
        if "ETag" not in headers:
            headers.setdefault("Cache-Control", "no-store")
        if status == 401:
            headers.setdefault("WWW-Authenticate", "Bearer")
