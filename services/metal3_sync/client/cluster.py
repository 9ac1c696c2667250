"""Secrets and BareMetalHosts over the official client: one request a verb, server-side apply, never forced.

The library sends a dict body of `application/apply-patch+yaml` as JSON, which is YAML.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from kubernetes import client, config
from kubernetes.client import ApiException

from events.breaker import Backend
from events.errors import Refuse, StepError, Unreachable
from events.threads import in_thread
from events.values import ServerName
from metal3_sync.client.errors import Asked, status_of, translated
from metal3_sync.client.found import MANAGER, found_host, found_secret
from metal3_sync.client.watching import HostWatch
from metal3_sync.handler import BmcCredentials, FoundHost, FoundSecret
from metal3_sync.settings import Settings

API_VERSION = "metal3.io/v1alpha1"
APPLY = {"field_manager": MANAGER, "_content_type": "application/apply-patch+yaml"}

T = TypeVar("T")


class KubernetesCluster:
    """The namespace that our hosts are in."""

    def __init__(self, settings: Settings) -> None:
        api = _connect(settings.kubeconfig)
        self.backend = Backend("Kubernetes", api.configuration.host)
        self.namespace = settings.namespace
        self._timeout = (settings.kube_connect_timeout, settings.kube_read_timeout)
        self._core = client.CoreV1Api(api)
        self._custom = client.CustomObjectsApi(api)
        group, version = API_VERSION.split("/")
        self._hosts = {
            "group": group, "version": version, "namespace": self.namespace, "plural": "baremetalhosts"
        }  # fmt: skip
        self._watch = HostWatch(
            self._custom, self._hosts, self.backend.address, settings.watch_seconds, settings.watch_silence
        )

    async def secret(self, name: str) -> FoundSecret | None:
        """One Secret. Each verb raises `Retry`, `Unreachable` or `Refuse`."""
        asked = self._asked("get", "Secret", name)
        found = await self._get(asked, self._core.read_namespaced_secret, name=name, namespace=self.namespace)
        return None if found is None else found_secret(found)

    async def host(self, server: ServerName) -> FoundHost | None:
        """One BareMetalHost."""
        asked = self._asked("get", "BareMetalHost", server)
        found = await self._get(
            asked, self._custom.get_namespaced_custom_object, name=str(server), **self._hosts
        )
        return None if found is None else found_host(cast(dict[str, Any], found))

    async def apply_secret(self, name: str, content: BmcCredentials) -> None:
        """Make the Secret, or change what differs."""
        body = self._object("v1", "Secret", name, labels={"environment.metal3.io": "baremetal"})
        plain = {"username": content.username, "password": content.password}
        body["data"] = {key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}
        asked = self._asked("patch", "Secret", name)
        await self._call(
            asked,
            self._core.patch_namespaced_secret,
            name=name, namespace=self.namespace, body=body, **APPLY,
        )  # fmt: skip

    async def apply_host(
        self, server: ServerName, spec: Mapping[str, Any], annotations: Mapping[str, str]
    ) -> None:
        """Make the BareMetalHost, or change what differs. What we held and leave out here goes."""
        body = self._object(API_VERSION, "BareMetalHost", server, annotations=dict(annotations))
        body["spec"] = dict(spec)
        asked = self._asked("patch", "BareMetalHost", server)
        await self._call(
            asked,
            self._custom.patch_namespaced_custom_object,
            name=str(server), body=body, **self._hosts, **APPLY,
        )  # fmt: skip

    async def hosts_version(self) -> str:
        """The version of all hosts together. The hosts themselves are read when they are looked at."""
        return str((await self._list())["metadata"]["resourceVersion"])

    async def follow_hosts(self, version: str, changed: Callable[[str], None]) -> None:
        """Tell the name of each host that changes. Returns when it is time to list them again."""
        await self._watch.follow(version, changed)

    async def ready(self) -> None:
        """Whether Kubernetes answers, knows BareMetalHosts and lets us list them. Raises as the verbs do."""
        await self._list()

    async def _list(self) -> dict[str, Any]:
        """One host at most: what counts is what the list says of itself."""
        asked = Asked(self.backend.address, "list", f"BareMetalHosts in {self.namespace}")
        request: Callable[..., Any] = self._custom.list_namespaced_custom_object
        page: dict[str, Any] = await self._call(asked, request, **self._hosts, limit=1)
        return page

    def _asked(self, verb: str, kind: str, name: str) -> Asked:
        return Asked(self.backend.address, verb, f"{kind} {self.namespace}/{name}", secret=kind == "Secret")

    def _object(
        self, api_version: str, kind: str, name: str, **metadata: Mapping[str, str]
    ) -> dict[str, Any]:
        named = {"name": str(name), "namespace": self.namespace, **metadata}
        return {"apiVersion": api_version, "kind": kind, "metadata": named}

    async def _get(self, asked: Asked, request: Callable[..., T], **arguments: Any) -> T | None:
        """`None` only where the server knows the kind and says that this very object is not there."""

        def get(**arguments: Any) -> T | None:
            try:
                return request(**arguments)
            except ApiException as refusal:
                named = status_of(refusal).get("details", {}).get("name")
                if refusal.status == 404 and named == arguments["name"]:
                    return None
                raise

        return await self._call(asked, get, **arguments)

    async def _call(self, asked: Asked, request: Callable[..., T], **arguments: Any) -> T:
        async with self.backend.call():
            try:
                with translated(asked):
                    return await in_thread(request, **arguments, _request_timeout=self._timeout)
            except Unreachable:
                raise
            except StepError as error:
                refusal = error  # Raised outside, since the breaker is to see that it answered.
        raise refusal


def _connect(kubeconfig: str | None) -> client.ApiClient:
    """A client that makes each request once: trying again is the chassis' part."""
    configuration = client.Configuration()
    load: Callable[..., None] = config.load_kube_config if kubeconfig else config.load_incluster_config
    try:
        load(client_configuration=configuration, **({"config_file": kubeconfig} if kubeconfig else {}))
    except config.ConfigException as useless:
        source = (
            f"KUBECONFIG={kubeconfig}" if kubeconfig else "the pod's service account (no KUBECONFIG is set)"
        )
        raise Refuse(f"{source} gives no access to Kubernetes: {useless}") from None
    configuration.retries = False
    configuration.connection_pool_maxsize = 32
    return client.ApiClient(configuration)
