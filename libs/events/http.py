"""The HTTP side of a service: health and metrics, and whatever else it serves."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.types import ASGIApp


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
    listening = config.bind_socket()
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield
    finally:
        server.should_exit = True
        await serving
