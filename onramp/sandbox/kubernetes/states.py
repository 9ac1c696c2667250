"""The states of a host, and what the operator does in each.

A handler alters the host's status and says whether there is a next step.
"""

from collections.abc import Callable

from onramp.sandbox.kubernetes import rules
from onramp.sandbox.kubernetes.objects import now
from onramp.sandbox.kubernetes.resources import Object

FINALIZER = "baremetalhost.metal3.io"
OPERATIONS = {"registering": "register", "inspecting": "inspect"}


def fresh_status() -> Object:
    """The status of a host that the operator has just met."""
    operations = ("register", "inspect", "provision", "deprovision")
    return {
        "operationalStatus": "",
        "provisioning": {"state": "", "ID": "", "image": {"url": ""}},
        "goodCredentials": {},
        "triedCredentials": {},
        "errorMessage": "",
        "errorCount": 0,
        "poweredOn": False,
        "operationHistory": {name: {"start": None, "end": None} for name in operations},
    }


def fail(host: Object, message: str) -> bool:
    """Record a registration error; it is tried again."""
    status = host["status"]
    status |= {"operationalStatus": "error", "errorType": "registration error", "errorMessage": message}
    status["errorCount"] = status.get("errorCount", 0) + 1
    return True


def _move(host: Object, state: str) -> bool:
    status = host["status"]
    left = OPERATIONS.get(status["provisioning"]["state"])
    if left:
        status["operationHistory"][left]["end"] = now()
    if state in OPERATIONS:
        status["operationHistory"][OPERATIONS[state]] = {"start": now(), "end": None}
    status["provisioning"]["state"] = state
    status["errorCount"] = 0
    return True


def _begin(host: Object) -> bool:
    bmc = host["spec"].get("bmc", {})
    if bmc.get("address") or bmc.get("credentialsName"):
        return _move(host, "registering")
    host["status"]["operationalStatus"] = "discovered"
    host["status"]["provisioning"]["state"] = "unmanaged"
    return False


def _registered(host: Object) -> bool:
    if host["spec"].get("externallyProvisioned"):
        return _move(host, "externally provisioned")
    return _move(host, "preparing" if rules.inspection_disabled(host) else "inspecting")


def _steady(host: Object) -> bool:
    status, wanted = host["status"], host["spec"].get("externallyProvisioned", False)
    if wanted and status["provisioning"]["state"] == "available":
        return _move(host, "externally provisioned")
    status["poweredOn"] = host["spec"]["online"]
    return False


def with_finalizer(host: Object) -> Object:
    """The host, held until the operator lets it go."""
    host["metadata"].setdefault("finalizers", []).append(FINALIZER)
    return host


def without_finalizer(host: Object) -> Object:
    """The host, let go."""
    host["metadata"]["finalizers"] = [f for f in host["metadata"]["finalizers"] if f != FINALIZER]
    return host


HANDLERS: dict[str, Callable[[Object], bool]] = {
    "": _begin,
    "unmanaged": _begin,
    "registering": _registered,
    "inspecting": lambda host: _move(host, "preparing"),
    "preparing": lambda host: _move(host, "available"),
    "available": _steady,
    "externally provisioned": _steady,
}
