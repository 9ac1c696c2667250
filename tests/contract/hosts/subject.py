"""A Kubernetes API server under test, with Metal3's types and its operator, and what a person does there."""

import asyncio
import base64
import itertools
import json
import re
import ssl
import time
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import yaml

from events.ids import new_onboarding_id
from events.orders import Orders
from events.types import AddressReserved, HostEnrolled, Outcome, Registration, StoredCredentials
from events.values import MacAddress, ServerName
from metal3_sync.client import KubernetesCluster
from metal3_sync.handler import BmcCredentials, enroll_host
from metal3_sync.settings import Settings
from tests.unit.metal3_sync.fake import FakeStore

Json = dict[str, Any]
NAMESPACE = "metal3"
PAUSED = "baremetalhost.metal3.io/paused"
SAMPLE = BmcCredentials("ADMIN", "not-in-any-log")


class Subject:
    """One API server: `kubeconfig` is the service's, `admin` a person's who may do everything."""

    _numbers = itertools.count(int(time.time()) % 100_000 * 100)

    def __init__(self, kubeconfig: Path, admin: Path, bmcs: Path | None = None) -> None:
        self.kubeconfig = kubeconfig
        self.http = _client(admin)
        self._bmcs = bmcs

    def settings(self, **changed: Any) -> Settings:
        """The service's settings there."""
        unused = {"openbao_role_id": "none", "openbao_secret_id": "none"}
        given = {"ONRAMP_KUBECONFIG": str(self.kubeconfig), **unused}
        return Settings(**{**given, **changed})

    def cluster(self, **changed: Any) -> KubernetesCluster:
        """The production client."""
        return KubernetesCluster(self.settings(**changed))

    def server(self) -> "Machine":
        """A server that nobody has heard of."""
        return Machine(self, next(self._numbers))

    def accept(self, address: str, password: str) -> None:
        """Have the BMC at that address take this password alone."""
        if self._bmcs is None:
            self.http.put("/_control/bmc", json={address: password}).raise_for_status()
            return
        table = json.loads(self._bmcs.read_text())
        self._bmcs.write_text(json.dumps({**table, address: {"password": password}}))


class Machine:
    """One server: its scans, its host and its Secret."""

    def __init__(self, subject: Subject, number: int) -> None:
        self.subject = subject
        self.name = ServerName(f"dcoa-t{number}")
        self.ip = str(ip_address("10.0.0.0") + number)
        self.moved_ip = str(ip_address("11.0.0.0") + number)
        self.boot_mac = ":".join(re.findall("..", f"0c42{number:08x}"))
        self.secret_name = f"{self.name}-bmc-secret"
        self._hosts = f"/apis/metal3.io/v1alpha1/namespaces/{NAMESPACE}/baremetalhosts"
        self._secrets = f"/api/v1/namespaces/{NAMESPACE}/secrets"

    def reserved(self, bmc_ip: str | None = None, **scanned: Any) -> AddressReserved:
        """The event that the step takes."""
        return AddressReserved(
            onboarding_id=new_onboarding_id(),
            server=self.name,
            site="dcoa",
            outcome=Outcome.CREATED,
            reason="reserved",
            registration=Registration(bmc_mac=MacAddress("3c:ec:ef:a1:9c:e8"), **scanned),
            bmc_ip=ip_address(bmc_ip or self.ip),
            credentials=StoredCredentials(mount="onramp", path=f"bmc/{self.name}", version=1),
        )

    async def enroll(
        self,
        credentials: BmcCredentials = SAMPLE,
        *,
        bmc_ip: str | None = None,
        orders: Orders = Orders(),  # noqa: B008 - frozen
        settings: Json | None = None,
        **scanned: Any,
    ) -> HostEnrolled:
        """One handling of a scan by metal3_sync."""
        changed, store = settings or {}, FakeStore(credentials)
        cluster, policy = self.subject.cluster(**changed), self.subject.settings(**changed).policy
        event = await enroll_host(self.reserved(bmc_ip, **scanned), cluster, store, policy, orders)
        assert isinstance(event, HostEnrolled)
        return event

    def host(self) -> Json:
        return self._json(self.subject.http.get(f"{self._hosts}/{self.name}"))

    def secret(self) -> Json:
        return self._json(self.subject.http.get(f"{self._secrets}/{self.secret_name}"))

    def credentials(self) -> BmcCredentials:
        """What the Secret says."""
        data = self.secret()["data"]
        plain = {name: base64.b64decode(data[name]).decode() for name in ("username", "password")}
        return BmcCredentials(**plain)

    @property
    def state(self) -> str:
        return str(self.host().get("status", {}).get("provisioning", {}).get("state", ""))

    def make_host(self, spec: Json, manager: str = "kubectl-create") -> None:
        """Make the host by hand."""
        head = {"apiVersion": "metal3.io/v1alpha1", "kind": "BareMetalHost"}
        body = {**head, "metadata": {"name": self.name, "namespace": NAMESPACE}, "spec": spec}
        self._json(self.subject.http.post(self._hosts, json=body, params={"fieldManager": manager}))

    def make_secret(self, password: str = "theirs", **metadata: Any) -> None:
        """Make the Secret by hand."""
        head = {"apiVersion": "v1", "kind": "Secret"}
        data = {"username": _encoded("ADMIN"), "password": _encoded(password)}
        body = {
            **head,
            "metadata": {"name": self.secret_name, "namespace": NAMESPACE, **metadata},
            "data": data,
        }
        self._json(
            self.subject.http.post(self._secrets, json=body, params={"fieldManager": "kubectl-create"})
        )

    def edit_host(self, change: Json, manager: str = "kubectl-edit") -> None:
        """A merge patch by hand."""
        self._patch(f"{self._hosts}/{self.name}", change, manager)

    def edit_secret(self, password: str) -> None:
        change = {"data": {"password": _encoded(password)}}
        self._patch(f"{self._secrets}/{self.secret_name}", change, "kubectl-edit")

    def put_in(self, state: str, **status: Any) -> None:
        """Have the operator leave the host alone, in this state."""
        self.edit_host({"metadata": {"annotations": {PAUSED: ""}}})
        change = {"provisioning": {"state": state}, "operationalStatus": "OK", **status}
        self._patch(f"{self._hosts}/{self.name}/status", {"status": change}, "baremetal-operator")

    async def comes_to(self, state: str) -> None:
        await eventually(lambda: self.state == state)

    def clear(self) -> None:
        """Take away what there is, whatever holds it."""
        for path in (f"{self._hosts}/{self.name}", f"{self._secrets}/{self.secret_name}"):
            if self.subject.http.get(path).is_success:
                self._patch(path, {"metadata": {"finalizers": []}}, "kubectl-edit")
                self.subject.http.delete(path)

    def begin_to_delete_host(self) -> None:
        """Delete it while something holds it."""
        held = self.host()["metadata"].get("finalizers", [])
        path = f"{self._hosts}/{self.name}"
        self._patch(path, {"metadata": {"finalizers": [*held, "example.com/held"]}}, "kubectl-edit")
        self.subject.http.delete(path).raise_for_status()

    def _patch(self, path: str, change: Json, manager: str) -> None:
        headers = {"Content-Type": "application/merge-patch+json"}
        content, params = json.dumps(change), {"fieldManager": manager}
        self._json(self.subject.http.patch(path, content=content, headers=headers, params=params))

    def _json(self, answer: httpx.Response) -> Json:
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found


async def eventually(condition: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until a condition holds, asking a few times a second."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.05)


def _client(kubeconfig: Path) -> httpx.Client:
    config = yaml.safe_load(kubeconfig.read_text())
    cluster, token = config["clusters"][0]["cluster"], config["users"][0]["user"]["token"]
    authority = cluster.get("certificate-authority")
    verify: ssl.SSLContext | bool = ssl.create_default_context(cafile=authority) if authority else True
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=cluster["server"], headers=headers, verify=verify, timeout=15)


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
