"""The whole system on one machine: NATS, OpenBao, the backends and the five services, in that order."""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from events.applying import Applier
from events.stream import Stream
from onramp.cli.connection import connected
from onramp.sandbox.backends import Backends
from onramp.sandbox.nats import Users, production
from onramp.sandbox.openbao import OpenBao
from onramp.sandbox.places import EXAMPLES
from onramp.sandbox.processes import NotStarted, Process, last_lines
from onramp.sandbox.services import SERVICES, service

ACK_WAIT = 30.0


class System:
    """Everything that runs. Whoever starts it stops it."""

    def __init__(self, folder: Path, say: Callable[[str], None], examples: Path = EXAMPLES) -> None:
        """`say` is told what is being started; the emulators are seeded from the files in `examples`."""
        self.folder = folder
        self.backends = Backends.chosen(folder, os.environ, examples)
        self.processes: dict[str, Process] = {}
        self.urls: dict[str, str] = {}
        """Each service's HTTP address."""
        self.nats_url = ""
        self.users = Users.fresh()
        self._say = say

    def environment(self, user: str) -> Mapping[str, str]:
        """What a service, or a person with the command line, needs to reach NATS."""
        return {"ONRAMP_NATS_URL": self.nats_url, **self.users.credentials(user)}

    def failed(self) -> str:
        """Which processes ended by themselves, with their last log lines; empty where none did."""
        openbao = self.backends.openbao_server
        running: list[Process | OpenBao] = [*self.processes.values(), *([openbao] if openbao else [])]
        ended = [process for process in running if process.exit_code is not None]
        return "\n\n".join(
            f"{process.name} ended with exit code {process.exit_code}:\n{last_lines(process.log)}"
            for process in ended
        )

    async def start(self) -> None:
        """Start everything. Raises `NotStarted`, and leaves nothing behind."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def _start(self) -> None:
        self._say("NATS and OpenBao")
        nats, self.nats_url = production(self.folder, self.users)
        await self._run([nats])
        try:
            self.backends.start_openbao(os.environ)
        except RuntimeError as error:
            raise NotStarted(str(error)) from None
        self._say("the streams and the emulators")
        await asyncio.gather(self._apply(), self._run(list(self.backends.emulators.values())))
        self._say("the five services")
        await self._run([self._service(name) for name in SERVICES if name != "intake"])
        await self._make_key()
        await self._run([self._service("intake")])

    async def _run(self, processes: list[Process]) -> None:
        """Start several at once."""
        for process in processes:
            self.processes[process.name] = process
        await asyncio.gather(*(process.start() for process in processes))

    def _service(self, name: str) -> Process:
        process, self.urls[name] = service(name, self.folder, self.environment(name), self.backends)
        return process

    async def _apply(self) -> None:
        async with connected(self.environment("operator")) as stream:
            applier = Applier(stream, replicas=1, ack_wait=ACK_WAIT)
            async for _change in applier.apply({}):
                pass

    async def _make_key(self) -> None:
        """The first sealing key, without which intake could seal nothing."""
        async with connected(self.environment("operator")) as stream:
            await _request(stream, "keys.new")

    async def stop(self) -> list[str]:
        """End everything, the services first; the names of those that had to be killed."""
        services = [self.processes[name] for name in SERVICES if name in self.processes]
        others = [process for process in self.processes.values() if process not in services]
        overdue: list[str] = []
        for together in (services, others):
            killed = await asyncio.gather(*(process.stop() for process in together))
            overdue += [process.name for process, late in zip(together, killed, strict=True) if late]
        if self.backends.openbao_server is not None:
            self.backends.openbao_server.stop()
        return overdue


async def _request(stream: Stream, subject: str) -> None:
    answer = json.loads((await stream.client.request(subject, b"{}", timeout=10)).data)
    if "error" in answer:
        raise NotStarted(f"{subject}: {answer['error']}")
