"""What the watch needs of the onboardings in the stream and of Kubernetes."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Protocol

from events.dead_letters import Failure
from events.onboardings import Open, Told
from events.types import HostEnrolled, ServerReady
from events.values import ServerName
from metal3_sync.handler import FoundHost, FoundSecret


class Onboardings(Protocol):
    """What the chassis knows and tells of them. Each verb raises `StoreError` when NATS does not answer."""

    def follow(self, kind: type[HostEnrolled]) -> AsyncIterator[Told[HostEnrolled]]:
        """The last HostEnrolled of each server, then each new one, for ever; some come twice."""
        ...

    async def open(self, kind: type[HostEnrolled], server: str) -> Open[HostEnrolled] | None:
        """The server's last HostEnrolled, if it is its newest scan's and that onboarding has not ended."""
        ...

    async def end(self, event: ServerReady) -> bool:
        """Publish the end, unless one stands or a newer scan does; the step's dead letters of it go."""
        ...

    async def delayed(self, event: HostEnrolled, reason: str, next_attempt_at: datetime) -> None:
        """Say that it waits, at most once an hour."""
        ...

    async def failed(self, onboarding: Open[HostEnrolled], failure: Failure) -> None:
        """Dead-letter the step's own message, once, and say so; not if it was sent another since."""
        ...


class Hosts(Protocol):
    """BareMetalHosts and their Secrets. Each verb raises a `StepError` when Kubernetes gives no answer."""

    async def host(self, server: ServerName) -> FoundHost | None:
        """The server's BareMetalHost as it stands."""
        ...

    async def secret(self, name: str) -> FoundSecret | None:
        """The Secret as it stands."""
        ...

    async def hosts_version(self) -> str:
        """The version of all hosts together, from which `follow_hosts` goes on."""
        ...

    async def follow_hosts(self, version: str, changed: Callable[[str], None]) -> None:
        """Tell the name of each host that changes; returns when it is time to look at all of them."""
        ...
