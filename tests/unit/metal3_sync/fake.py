"""Kubernetes, OpenBao and the onboardings in memory: they hold state and can be told to fail."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from events.dead_letters import Failure
from events.onboardings import Open, Told
from events.types import HostEnrolled, ServerReady, StoredCredentials
from events.values import ServerName
from metal3_sync.handler import BmcCredentials, FoundHost, FoundSecret
from metal3_sync.handler.values import DETACHED

from .samples import CREDENTIALS, enrolled_event


@dataclass
class FakeCluster:
    """A namespace with server-side apply as far as the handler can tell; every write is noted."""

    secrets: dict[str, FoundSecret] = field(default_factory=dict)
    hosts: dict[str, FoundHost] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    failures: dict[str, Exception] = field(default_factory=dict)
    version: int = 100

    async def secret(self, name: str) -> FoundSecret | None:
        self._meet("secret")
        return self.secrets.get(name)

    async def host(self, server: ServerName) -> FoundHost | None:
        self._meet("host")
        return self.hosts.get(server)

    async def apply_secret(self, name: str, content: BmcCredentials) -> None:
        self._write("apply_secret")
        found = self.secrets.get(name, FoundSecret(version=""))
        self.secrets[name] = replace(found, version=str(self.version), content=content)

    async def apply_host(
        self, server: ServerName, spec: Mapping[str, Any], annotations: Mapping[str, str]
    ) -> None:
        self._write("apply_host")
        found = self.hosts.get(server, FoundHost(spec={}))
        dropped = found.ours - spec.keys() - annotations.keys()
        self.hosts[server] = replace(
            found,
            spec={k: v for k, v in found.spec.items() if k not in dropped} | dict(spec),
            annotations={k: v for k, v in found.annotations.items() if k not in dropped} | dict(annotations),
            ours=frozenset({*spec, *annotations}),
        )

    def detach(self, server: ServerName) -> None:
        """As the operator does when it sees the annotation."""
        found = self.hosts[server]
        assert DETACHED in found.annotations
        self.hosts[server] = replace(found, status={**found.status, "operationalStatus": "detached"})

    async def hosts_version(self) -> str:
        self._meet("hosts_version")
        return str(self.version)

    async def follow_hosts(self, version: str, changed: Callable[[str], None]) -> None:
        raise NotImplementedError

    def _write(self, verb: str) -> None:
        self._meet(verb)
        self.version += 1
        self.writes.append(verb)

    def _meet(self, verb: str) -> None:
        if verb in self.failures:
            raise self.failures[verb]


@dataclass
class FakeStore:
    """One server's credentials."""

    credentials: BmcCredentials = CREDENTIALS
    asked: list[str] = field(default_factory=list)

    async def read(self, stored: StoredCredentials) -> BmcCredentials:
        self.asked.append(stored.path)
        return self.credentials


@dataclass
class FakeOnboardings:
    """One server's onboarding; what is told of it comes out of `told`."""

    event: HostEnrolled = field(default_factory=enrolled_event)
    stored_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    is_open: bool = True
    replayed: datetime | None = None
    away: list[Exception] = field(default_factory=list)
    asked: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    stored: asyncio.Queue[Told[HostEnrolled]] = field(default_factory=asyncio.Queue)
    told: asyncio.Queue[tuple[str, Any]] = field(default_factory=asyncio.Queue)

    async def follow(self, kind: type[HostEnrolled]) -> AsyncIterator[Told[HostEnrolled]]:
        while True:
            yield await self.stored.get()

    async def open(self, kind: type[HostEnrolled], server: str) -> Open[HostEnrolled] | None:
        self.asked.put_nowait(server)
        if self.away:
            raise self.away.pop()
        return Open(self.event, self.replayed or self.stored_at, 1) if self.is_open else None

    async def end(self, event: ServerReady) -> bool:
        self.is_open = False
        self.told.put_nowait(("ready", event))
        return True

    async def delayed(self, event: HostEnrolled, reason: str, next_attempt_at: datetime) -> None:
        self.told.put_nowait(("delayed", reason))

    async def failed(self, onboarding: Open[HostEnrolled], failure: Failure) -> None:
        self.told.put_nowait(("failed", failure))

    def store(self) -> None:
        self.stored.put_nowait(Told(self.event, self.stored_at, 1))


async def soon(queue: asyncio.Queue[Any], seconds: float = 5) -> Any:
    """The next thing out of a queue, which comes within seconds or never."""
    return await asyncio.wait_for(queue.get(), seconds)
