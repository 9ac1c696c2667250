"""`make bench-real`: what a server costs the lab's backends, in requests and in seconds.

The steps run one after the other as the services run them, with their own clients and without NATS: for
servers that nobody knows, then again, unchanged; one server at a time, then 20 at once.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from time import perf_counter
from typing import Any

from events.breaker import Backend
from events.ids import new_onboarding_id
from events.openbao import Mount, OpenBao
from events.orders import Orders
from events.types import HostEnrolled, Outcome, Registration, ServerScanned
from events.values import MacAddress
from kea_sync.client import KeaServers
from kea_sync.handler import reserve_address
from kea_sync.settings import Settings as KeaSettings
from metal3_sync.client import KubernetesCluster, OpenBaoCredentials
from metal3_sync.handler import enroll_host
from metal3_sync.settings import Settings as Metal3Settings
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from netbox_sync.settings import Settings as NetBoxSettings
from tests.real import place
from vault_writer.client import OpenBaoSecrets
from vault_writer.handler import store_credentials
from vault_writer.settings import Settings as VaultSettings

Run = Callable[[ServerScanned], Awaitable[tuple[Outcome, ...]]]

KEA_SERVERS = len(json.loads(os.environ["ONRAMP_KEA_SERVERS"]))
BUDGETS = {"NetBox": 11, "OpenBao": 4, "Kea": 5 * KEA_SERVERS, "Kubernetes": 4}
"""Requests a server, the first time."""


class Meter:
    """Requests and seconds by backend, counted around each call of the clients."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self._call = Backend.call

    @asynccontextmanager
    async def around(self, backend: Backend) -> AsyncIterator[None]:
        """One call."""
        name = backend.name if backend.name in BUDGETS else "Kea"
        started = perf_counter()
        async with self._call(backend):
            yield
        self.requests[name] += 1
        self.seconds[name] += perf_counter() - started  # type: ignore[assignment]

    def report(self, title: str, servers: int, seconds: float) -> None:
        """Print what was counted since the last report, a server."""
        whole = sum(self.seconds.values())
        print(f"{title}: {seconds / servers:.2f} s a server, {servers / seconds * 60:.0f} servers a minute")
        for name, budget in BUDGETS.items():
            requests, waited = self.requests[name] / servers, self.seconds[name]
            share = f"{waited / whole:4.0%} of the waiting, {waited / servers * 1000:5.0f} ms"
            print(f"  {name:11}{requests:5.1f} requests (budget {budget:2}), {share}")
        self.requests.clear()
        self.seconds.clear()


class Unsealed:
    """Opens what is no seal: sealing costs no backend anything."""

    async def open(self, sealed: str, bmc_mac: MacAddress) -> str:
        """The password itself."""
        return sealed


def chain() -> Run:
    """The four steps of one server, one after the other; the outcomes of all."""
    netbox, keas = NetBoxClient(NetBoxSettings()), KeaServers(KeaSettings())
    vault = OpenBao(VaultSettings(**_role("VAULT_WRITER")))
    metal3 = Metal3Settings(**_role("METAL3_SYNC"))
    secrets = OpenBaoSecrets(Mount(vault, "onramp"))
    cluster, store = KubernetesCluster(metal3), OpenBaoCredentials(OpenBao(metal3))

    async def run(scan: ServerScanned) -> tuple[Outcome, ...]:
        recorded = await record_device(scan, netbox, Policy())
        stored = await store_credentials(recorded, secrets, Unsealed(), "ADMIN")
        reserved = await reserve_address(stored, keas)
        enrolled = await enroll_host(reserved, cluster, store, metal3.policy, Orders())
        assert isinstance(enrolled, HostEnrolled), enrolled.reason
        return recorded.outcome, stored.outcome, reserved.outcome, enrolled.outcome

    return run


def _role(role: str) -> dict[str, Any]:
    fields = ("ROLE_ID", "SECRET_ID")
    return {f"openbao_{field.lower()}": os.environ[f"ONRAMP_{role}_{field}"] for field in fields}


async def one_at_a_time(run: Run, scans: Sequence[ServerScanned]) -> None:
    """Servers that wait for each other."""
    for scan in scans:
        await run(scan)


async def at_once(run: Run, scans: Sequence[ServerScanned]) -> None:
    """Servers that do not."""
    await asyncio.gather(*(run(scan) for scan in scans))


def scan_of(number: int) -> ServerScanned:
    """A server of the lab's site, in the rack unit of that number."""
    registration = {
        "bmc_mac": f"02:00:00:00:00:{number:02x}", "bmc_ip": f"10.16.28.{100 + number}", "site": "dcoa",
        "location": "ra07", "rack": "RA07", "position": number, "device_type": "supermicro-1u",
        "device_role": "k8s-worker",
    }  # fmt: skip
    return ServerScanned(
        onboarding_id=new_onboarding_id(),
        server=f"dcoa-ra07u{number:02}",
        site="dcoa",
        registration=Registration.model_validate(registration),
        sealed_password=f"password-{number}",
    )


async def main() -> None:
    """Run and print."""
    place.empty()
    meter, run = Meter(), chain()
    Backend.call = lambda backend: meter.around(backend)  # type: ignore[assignment, method-assign]
    scans = [scan_of(number) for number in range(1, 42)]
    started = perf_counter()
    await run(scans[0])
    meter.report("the very first, which reads all that is remembered afterwards", 1, perf_counter() - started)
    for how, some in (("one at a time", scans[1:21]), ("20 at once", scans[21:41])):
        for when in ("first time", "again, unchanged"):
            started = perf_counter()
            await (one_at_a_time if how == "one at a time" else at_once)(run, some)
            meter.report(f"{when}, {how}", len(some), perf_counter() - started)


if __name__ == "__main__":
    asyncio.run(main())
