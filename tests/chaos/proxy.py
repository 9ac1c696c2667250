"""A TCP proxy on loopback that can be told to refuse, or to stop forwarding as a dead network does."""

import asyncio
from contextlib import suppress

from onramp.sandbox.places import LOOPBACK


class Proxy:
    """Stands between a service and what it talks to."""

    def __init__(self, target_port: int) -> None:
        self.port = 0
        self._target = target_port
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> "Proxy":
        """Listen, on the port it had before where it had one."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def refuse(self) -> None:
        """Take no connection, and break off those that are: a process that is down."""
        if self._server:
            self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()

    def stall(self) -> None:
        """Forward nothing, and say nothing: a network that is down."""
        self._flowing.clear()

    def flow(self) -> None:
        """Forward again, what was held back too."""
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._flowing.wait()
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        try:
            await asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        finally:
            for end in (writer, far_writer):
                self._writers.discard(end)
                end.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.close()
