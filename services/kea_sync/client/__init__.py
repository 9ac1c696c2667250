"""The Kea servers as the handler wants them: its port, over their HTTP control channels."""

import asyncio

from events.errors import Retry
from kea_sync.client.server import Kea
from kea_sync.settings import Settings


class KeaServers:
    """All configured servers. Making it connects to none."""

    def __init__(self, settings: Settings) -> None:
        self.servers = tuple(Kea(server, settings) for server in settings.kea_servers)

    def forget(self) -> None:
        """Read every configuration afresh when it is next asked for."""
        for server in self.servers:
            server.forget()

    async def ready(self) -> None:
        """Raises Retry naming the servers that do not answer."""
        answers = await asyncio.gather(*(server.ping() for server in self.servers), return_exceptions=True)
        reasons = [str(answer) for answer in answers if isinstance(answer, Exception)]
        if reasons:
            raise Retry("; ".join(reasons))

    async def close(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(server.close() for server in self.servers))
