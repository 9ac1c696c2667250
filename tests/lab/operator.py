"""The lab's operator: walks BareMetalHosts through the states of Metal3's, as that one was seen to.

``python -m tests.lab.operator TABLE``. TABLE is a JSON file, read anew at each step, from a BMC's address
to what stands there: ``{"password": …}`` (if none, any is right), ``{"fails": STATE, "message": …}``.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

from kubernetes import client, config, watch

from tests.lab import host_states, registration
from tests.lab.host_states import Host

untyped_watch: Any = watch
untyped_config: Any = config

GROUP = ("metal3.io", "v1alpha1")
FINALIZER = "baremetalhost.metal3.io"
PAUSED = f"{FINALIZER}/paused"
MANAGER = "baremetal-operator"
PACE = 0.2
"""Seconds between two states: long enough for a watch to see each."""


class Operator:
    """Takes every host one state further at a time, until none has anything left to do."""

    def __init__(self, table: Path) -> None:
        self._table = table
        self._hosts = client.CustomObjectsApi()
        self._secrets = client.CoreV1Api()
        self._wake = threading.Event()

    def run(self) -> None:
        """Work for ever: after each change of a host or a Secret, until all is settled."""
        for watched in (self._watch_hosts, self._watch_secrets):
            threading.Thread(target=_for_ever, args=(watched,), daemon=True).start()
        _for_ever(self._settle)

    def _settle(self) -> None:
        self._wake.wait(timeout=5)
        self._wake.clear()
        while sum(self._safely(host) for host in self._list()):
            threading.Event().wait(PACE)

    def _safely(self, host: Host) -> bool:
        try:
            return self._reconcile(host)
        except client.ApiException as refused:
            print(f"{host['metadata']['name']}: {refused.status} {refused.reason}", flush=True)
            # A conflict means that somebody wrote in between: the next round reads that.
            return bool(refused.status == 409)

    def _reconcile(self, host: Host) -> bool:
        meta = host["metadata"]
        if PAUSED in meta.get("annotations", {}):
            return False
        if "deletionTimestamp" in meta:
            return self._delete(host)
        if FINALIZER not in meta.get("finalizers", []):
            meta["finalizers"] = [*meta.get("finalizers", []), FINALIZER]
            self._put(self._hosts.replace_namespaced_custom_object, host)
            return True
        status = host_states.prepare(host)
        before = deepcopy(status)
        bmc = self._bmc(host)
        if host_states.begin(host) and registration.register(host, self._secrets, bmc):
            host_states.advance(host, bmc)
        if status == before:
            return False
        status["lastUpdated"] = host_states.now()
        self._put(self._hosts.replace_namespaced_custom_object_status, host)
        return True

    def _delete(self, host: Host) -> bool:
        registration.release(host, self._secrets)
        meta = host["metadata"]
        meta["finalizers"] = [each for each in meta.get("finalizers", []) if each != FINALIZER]
        self._put(self._hosts.replace_namespaced_custom_object, host)
        return False

    def _bmc(self, host: Host) -> Host:
        table: dict[str, Host] = json.loads(self._table.read_text())
        return table.get(host["spec"].get("bmc", {}).get("address", ""), {})

    def _put(self, write: Callable[..., object], host: Host) -> None:
        meta = host["metadata"]
        write(*GROUP, meta["namespace"], "baremetalhosts", meta["name"], host, field_manager=MANAGER)

    def _list(self) -> list[Host]:
        found: Any = self._hosts.list_cluster_custom_object(*GROUP, "baremetalhosts")
        return list(found["items"])

    def _watch_hosts(self) -> None:
        self._watch(self._hosts.list_cluster_custom_object, *GROUP, "baremetalhosts")

    def _watch_secrets(self) -> None:
        self._watch(self._secrets.list_secret_for_all_namespaces)

    def _watch(self, listing: Callable[..., object], *where: str) -> None:
        for _ in untyped_watch.Watch().stream(listing, *where):
            self._wake.set()


def _for_ever(work: Callable[[], None]) -> None:
    """Do it again and again: the API server may be restarted under the operator."""
    while True:
        try:
            work()
        except Exception as lost:
            print(f"{work.__name__}: {lost}", flush=True)
            threading.Event().wait(1)


if __name__ == "__main__":
    untyped_config.load_kube_config()
    Operator(Path(sys.argv[1])).run()
