"""A real nats-server of a test's own: its folder, its port, its streams."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import nats
from nats.aio.client import Client
from nats.errors import NoServersError

from events.streams import stream_configs


class NatsServer:
    """The process. It keeps its port and its store when it is stopped and started again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    async def start(self) -> None:
        configuration = self.folder / "nats.conf"
        configuration.write_text(
            f'listen: "127.0.0.1:{self.port}"\n'
            f'jetstream {{ store_dir: "{self.folder / "store"}", sync_interval: always }}\n'
        )
        binary = Path(sys.executable).with_name("nats-server")
        self._process = subprocess.Popen(
            [binary, "-c", configuration], stderr=(self.folder / "log").open("ab")
        )
        await (await self.connect()).close()

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    async def connect(self) -> Client:
        """A client, as soon as the server answers."""
        async with asyncio.timeout(20):
            while True:
                try:
                    return await nats.connect(
                        self.url, connect_timeout=1, max_reconnect_attempts=-1, reconnect_time_wait=0.1
                    )
                except (OSError, NoServersError):
                    continue

    async def make_streams(self, client: Client) -> None:
        for config in stream_configs():
            await client.jetstream().add_stream(config)
