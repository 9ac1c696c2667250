"""The HTTP side of a service: health and metrics, and whatever else it serves."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

UNREAD_FOR = 30
"""Seconds that a client may leave unread what was sent to it."""


class _Server(uvicorn.Server):
    """uvicorn, but SIGTERM is the chassis's business: the process ends with exit code 0."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


@asynccontextmanager
async def served(routes: list[Route], app: ASGIApp | None, host: str, port: int) -> AsyncIterator[None]:
    """Serve while inside. Raises `OSError` when the port is taken."""
    mounts = [Mount("/", app)] if app else []
    config = uvicorn.Config(
        Starlette(routes=[*routes, *mounts]),
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=20,
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
