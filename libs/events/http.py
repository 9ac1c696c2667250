"""The HTTP side of a service: health and metrics, and whatever else it serves."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import h11
import uvicorn
from starlette.routing import Route, Router
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from events.websocket import WebSocket

UNREAD_FOR = 30
"""Seconds that a client may leave unread what was sent to it."""
LARGEST_MESSAGE = 16 * 1024 * 1024
"""Bytes."""


class _Server(uvicorn.Server):
    """uvicorn, but SIGTERM is the chassis's business: the process ends with exit code 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


class _Connection(H11Protocol):
    """uvicorn's, but with an end to waiting for a request: else whoever dribbles one keeps it for ever."""

    patience: float
    """Seconds from a request's first byte to its last; before the first request, from the connection on."""
    _giving_up: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request."""
        super().connection_made(transport)
        self._wait(True)

    def handle_events(self) -> None:
        """Take what came, and wait for what is missing."""
        super().handle_events()
        upgraded = self.transport.get_protocol() is not self
        begun = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
        self._wait(not upgraded and bool(begun or self.conn.their_state is h11.SEND_BODY))

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait(False)
        super().connection_lost(exc)

    def _wait(self, waiting: bool) -> None:
        if waiting and self._giving_up is None:
            self._giving_up = self.loop.call_later(self.patience, self.transport.abort)
        elif not waiting and self._giving_up:
            self._giving_up.cancel()
            self._giving_up = None


@asynccontextmanager
async def served(
    routes: list[Route],
    app: ASGIApp | None,
    host: str,
    port: int,
    *,
    patience: float,
    largest_message: int = LARGEST_MESSAGE,
) -> AsyncIterator[None]:
    """Serve while inside. Raises `OSError` when the port is taken.

    `patience`: seconds in which a client must have sent a request whole. `largest_message`: bytes of a
    WebSocket's message; one of more is cut off.
    """

    class Connection(_Connection):
        pass

    Connection.patience = patience
    config = uvicorn.Config(
        Router(routes, default=app),
        host=host,
        port=port,
        http=Connection,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=20,
        # Whose headers are believed is the application's to say.
        proxy_headers=False,
        ws=WebSocket,
        ws_max_size=largest_message,
        # What was compressed may be a thousand times as large, and is unpacked before it is counted.
        ws_per_message_deflate=False,
    )
    server = _Server(config)
    listening = _listening(host, port)
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving


def _listening(host: str, port: int) -> socket.socket:
    """A bound socket that names its protocol: without it asyncio leaves Nagle's delay on, 40 ms an answer."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
        # A client that takes nothing of what is sent is cut off: else it would keep its answer for ever.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_FOR * 1000)
    listening.bind((host, port))
    return listening
