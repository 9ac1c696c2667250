"""The baremetal-operator: walks each host through its states, one state a step.

Source: `host_state_machine.go`. It wakes, like the real one, when a host's spec, annotations or finalizers
change and when the Secret of a host changes; and again by itself while a host is on its way or in error.
"""

import asyncio
import copy
from collections import defaultdict

from onramp.sandbox.kubernetes import states
from onramp.sandbox.kubernetes.objects import now
from onramp.sandbox.kubernetes.registration import MANAGER, Registration, RegistrationError
from onramp.sandbox.kubernetes.registry import Registry, Writer
from onramp.sandbox.kubernetes.resources import HOSTS, SECRETS, Object
from onramp.sandbox.kubernetes.store import Change, Key

PAUSED, DETACHED = "baremetalhost.metal3.io/paused", "baremetalhost.metal3.io/detached"
DETACHABLE = ("available", "provisioned", "externally provisioned")
STATUS = Writer(MANAGER.manager, subresource="status")
LONGEST_DOUBLING = 8


class Operator:
    """Reconciles hosts; a step takes `step_seconds`, and a failed one is repeated ever more rarely."""

    def __init__(self, registry: Registry, registration: Registration, step_seconds: float) -> None:
        self.registry = registry
        self.registration = registration
        self.step_seconds = step_seconds
        self.frozen: set[Key] = set()
        self._due: dict[Key, asyncio.TimerHandle] = {}
        self._users: defaultdict[Key, set[Key]] = defaultdict(set)
        registry.store.listeners.append(self._notice)

    def reconcile(self, key: Key) -> None:
        """Take one step with a host, and plan the next where there is one."""
        host = self.registry.store.get(key)
        if host is None or PAUSED in host["metadata"].get("annotations", {}):
            return None
        if "deletionTimestamp" in host["metadata"]:
            return self._delete(key, host)
        if states.FINALIZER not in host["metadata"].get("finalizers", []):
            self.registry.update(key, states.with_finalizer, MANAGER)
            return None
        draft = copy.deepcopy(host)
        draft.setdefault("status", states.fresh_status())
        try:
            again = self._step(key, draft)
        except RegistrationError as failure:
            again = states.fail(draft, str(failure))
        self._save(key, draft)
        if again:
            doublings = min(draft["status"].get("errorCount", 0), LONGEST_DOUBLING)
            self._plan(key, self.step_seconds * 2**doublings)
        return None

    def _step(self, key: Key, host: Object) -> bool:
        status = host["status"]
        state = status["provisioning"]["state"]
        if state not in ("", "unmanaged"):
            secret = self.registration.claim_secret(key, host)
            if DETACHED in host["metadata"].get("annotations", {}) and state in DETACHABLE:
                status["operationalStatus"] = "detached"
                return False
            if status["operationalStatus"] == "detached":
                status["operationalStatus"] = "error" if status.get("errorType") else "OK"
                return True
            if self._register(key, host, secret):
                return True
        handler = states.HANDLERS.get(state)
        return handler(host) if handler else False

    def _register(self, key: Key, host: Object, secret: Object) -> bool:
        """Whether registration took this step; a host past it that registers anew has that in its history."""
        status = host["status"]
        is_past = status["provisioning"]["state"] != "registering"
        acted = self.registration.register(key, host, secret)
        metric = status["operationHistory"]["register"]
        if is_past and acted and metric["end"]:
            metric |= {"start": now(), "end": None}
        if is_past and status["goodCredentials"] == status["triedCredentials"] and not metric["end"]:
            metric["end"] = now()
        return acted

    def _delete(self, key: Key, host: Object) -> None:
        draft = copy.deepcopy(host)
        draft.setdefault("status", states.fresh_status())
        if draft["status"]["provisioning"]["state"] != "deleting":
            draft["status"]["provisioning"]["state"] = "deleting"
            self._save(key, draft)
            self._plan(key, self.step_seconds)
            return
        self.registration.release_secret(key, host)
        self.registry.update(key, states.without_finalizer, MANAGER)

    def _save(self, key: Key, draft: Object) -> None:
        before = self.registry.get(key).get("status")
        if draft["status"] != before:
            draft["status"]["lastUpdated"] = now()
            self.registry.update(key, lambda _found: draft, STATUS)

    def _notice(self, change: Change) -> None:
        if change.key.resource is SECRETS:
            for user in self._users.get(change.key, ()):
                self._plan(user, self.step_seconds)
        if change.key.resource is HOSTS and change.after is not None:
            name = change.after.get("spec", {}).get("bmc", {}).get("credentialsName", "")
            self._users[Key(SECRETS, change.key.namespace, name)].add(change.key)
            if change.before is None or _concern(change.before) != _concern(change.after):
                self._plan(change.key, self.step_seconds)

    def _plan(self, key: Key, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        planned = self._due.get(key)
        if planned is not None and planned.when() <= loop.time() + seconds:
            return
        if planned is not None:
            planned.cancel()
        self._due[key] = loop.call_later(seconds, self._wake, key)

    def _wake(self, key: Key) -> None:
        self._due.pop(key, None)
        if key not in self.frozen:
            self.reconcile(key)


def _concern(host: Object) -> list[object]:
    metadata = host["metadata"]
    return [metadata.get(name) for name in ("generation", "annotations", "finalizers", "deletionTimestamp")]
