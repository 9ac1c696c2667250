"""Which servers are to be looked at, now or later."""

import asyncio
from datetime import UTC, datetime

from events.values import ServerName


class Agenda:
    """Servers in line, each once however often it is put there, and one later look for each."""

    def __init__(self) -> None:
        self._line: asyncio.Queue[ServerName] = asyncio.Queue()
        self._in_line: set[ServerName] = set()
        self._later: dict[ServerName, asyncio.TimerHandle] = {}

    def now(self, server: ServerName) -> None:
        """Put it in line; a later look that was planned is dropped."""
        self.never(server)
        if server not in self._in_line:
            self._in_line.add(server)
            self._line.put_nowait(server)

    def later(self, server: ServerName, at: datetime) -> None:
        """Put it in line at that time, instead of whenever was planned before."""
        self.never(server)
        seconds = (at - datetime.now(UTC)).total_seconds()
        self._later[server] = asyncio.get_running_loop().call_later(max(seconds, 0), self.now, server)

    def never(self, server: ServerName) -> None:
        """Drop a later look."""
        planned = self._later.pop(server, None)
        if planned is not None:
            planned.cancel()

    async def next(self) -> ServerName:
        """The first in line; waits for one."""
        server = await self._line.get()
        self._in_line.discard(server)
        return server
