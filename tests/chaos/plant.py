"""The whole system as the sandbox has it, with faults in reach: launcher, proxies, supervisor."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from events.applying import Applier, Change
from onramp.cli.connection import connected
from onramp.sandbox.backends import Backends
from onramp.sandbox.nats import Users
from onramp.sandbox.places import LOOPBACK
from onramp.sandbox.services import SERVICES, service
from tests.chaos.disk import Disk
from tests.chaos.holdings import addresses
from tests.chaos.nodes import nats_nodes
from tests.chaos.orders import FOLDER, REPLICA, Orders
from tests.chaos.proxy import Proxy
from tests.chaos.victims import Supervisor, Victim
from tests.chaos.wiring import kubernetes_url, put_between, seed_emulators

ACK_WAIT = 3.0


@dataclass(frozen=True)
class Shape:
    """How a plant is built."""

    replicas: int = 1
    """Processes of every service."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Environment of every service, beside its own."""
    own_settings: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Environment of single processes, by name."""
    proxied: Sequence[str] = ()
    """What is reached through a proxy: `nats`, `openbao`, or an emulator by name."""
    kea_prefixes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Which prefixes a Kea server is tied to."""
    nats_nodes: int = 1
    """One, or three that make a cluster."""
    max_file_store: str = ""
    """What JetStream may keep on the disk; empty for what there is."""
    disk: str = ""
    """The size of a file system of its own under the one node of NATS; empty for the machine's."""


class Plant:
    """Everything that runs. Whoever starts it stops it."""

    def __init__(self, folder: Path, shape: Shape | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.shape = shape or Shape()
        self.orders = Orders(folder)
        self.users = Users.fresh()
        self.backends = Backends.chosen(folder, {})
        self.nodes = nats_nodes(folder, self.users, self.shape.nats_nodes, self.shape.max_file_store)
        self.disk: Disk | None = None
        self.services: dict[str, Victim] = {}
        self.urls: dict[str, str] = {}
        """Each service process's HTTP address, by its name."""
        self.proxies: dict[str, Proxy] = {}
        self.at: Mapping[str, str] = {}
        """The emulators' own addresses."""
        self.supervisor = Supervisor(self.services)

    @property
    def nats_url(self) -> str:
        """Every node's address."""
        return ",".join(self.nodes)

    @property
    def nats(self) -> Victim:
        """The one node of a plant that has no cluster."""
        [node] = self.nodes.values()
        return node

    def environment(self, user: str) -> Mapping[str, str]:
        """What a person with the command line needs to reach NATS, past any proxy."""
        return {"ONRAMP_NATS_URL": self.nats_url, **self.users.credentials(user)}

    @property
    def stream_replicas(self) -> int:
        """Copies of every stream."""
        return len(self.nodes)

    @property
    def intakes(self) -> list[str]:
        """The addresses of intake's replicas."""
        return [url for name, url in self.urls.items() if name.startswith("intake")]

    async def start(self) -> "Plant":
        """Start everything. Raises `NotStarted`, and leaves nothing behind."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def stop(self) -> None:
        """End everything, at once: nothing is asked of it any more."""
        await self.supervisor.stop()
        emulators = self.backends.emulators.values()
        for victim in [*self.services.values(), *self.nodes.values()]:
            await victim.kill()
        await asyncio.gather(*(emulator.stop() for emulator in emulators))
        for proxy in self.proxies.values():
            await proxy.refuse()
        if self.backends.openbao_server is not None:
            self.backends.openbao_server.stop()
        if self.disk is not None:
            await self.disk.stop()

    async def apply(self) -> list[Change]:
        """`onramp streams apply`."""
        async with connected(self.environment("operator")) as stream:
            applier = Applier(stream, replicas=self.stream_replicas, ack_wait=ACK_WAIT)
            return [change async for change in applier.apply({})]

    async def _start(self) -> None:
        if self.shape.disk:
            self.disk = await Disk(self.folder / "nats-1" / "nats").start(self.shape.disk)
            self.nats.command = self.disk.inside(self.nats.command)
        await asyncio.gather(*(node.start() for node in self.nodes.values()))
        seed_emulators(self.backends, self.folder)
        await asyncio.gather(*(emulator.start() for emulator in self.backends.emulators.values()))
        self.backends.start_openbao({})
        self.at = addresses(self.backends)
        await asyncio.gather(self.apply(), self._put_proxies())
        numbers = range(1, self.shape.replicas + 1)
        first = [self._add(name, number) for name in SERVICES if name != "intake" for number in numbers]
        await asyncio.gather(*(victim.start() for victim in first))
        await self._make_key()
        intakes = [self._add("intake", number) for number in numbers]
        await asyncio.gather(*(victim.start() for victim in intakes))
        self.supervisor.start()

    async def _make_key(self) -> None:
        async with connected(self.environment("operator")) as stream:
            answer = json.loads((await stream.client.request("keys.new", b"{}", timeout=10)).data)
        assert "error" not in answer, answer

    def _add(self, service_name: str, number: int) -> Victim:
        """One more process of a service, not started yet."""
        name = service_name if number == 1 else f"{service_name}.{number}"
        url = self.nats_url
        if "nats" in self.proxies:
            url = f"nats://{LOOPBACK}:{self.proxies['nats'].port}"
        nats = {"ONRAMP_NATS_URL": url, **self.users.credentials(service_name)}
        process, self.urls[name] = service(service_name, self.folder, nats, self.backends)
        ours = {
            FOLDER: str(self.folder),
            REPLICA: str(number),
            "ONRAMP_ACK_WAIT": str(ACK_WAIT),
            "ONRAMP_REPLICAS": str(self.stream_replicas),
            **self.shape.settings,
            **self.shape.own_settings.get(name, {}),
        }
        victim = replace(
            Victim.of(process),
            name=name,
            command=[sys.executable, "-m", "tests.chaos.launcher", service_name],
            log=self.folder / f"{name}.log",
            environment={**process.environment, **ours},
        )
        self.services[name] = victim
        return victim

    async def _put_proxies(self) -> None:
        for name in self.shape.proxied:
            self.proxies[name] = await Proxy(self._port_of(name)).start()
        put_between(self.backends, self.proxies)
        for kea in self.backends.kea_servers:
            kea["prefixes"] = list(self.shape.kea_prefixes.get(kea["name"], ()))

    def _port_of(self, name: str) -> int:
        kea = {kea["name"]: kea["url"] for kea in self.backends.kea_servers}
        url = {
            "nats": next(iter(self.nodes)),
            "openbao": self.backends.openbao_address,
            "netbox": self.backends.netbox_url,
            "kubernetes": kubernetes_url(self.backends),
            **kea,
        }[name]
        return int(urlsplit(url).port or 0)
