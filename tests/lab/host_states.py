"""The states of a BareMetalHost: which follows which, and what is noted on the way."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Host = dict[str, Any]

DETACHED = "baremetalhost.metal3.io/detached"
USABLE = ("available", "provisioned", "externally provisioned")
OPERATIONS = {"registering": "register", "inspecting": "inspect", "provisioning": "provision"}
ERRORS = {
    "registering": "registration error",
    "inspecting": "inspection error",
    "preparing": "preparation error",
    "provisioning": "provisioning error",
}


def prepare(host: Host) -> Host:
    """The host's status, with what a new host's begins with."""
    status: Host = host.setdefault("status", {})
    for field, value in {
        "errorCount": 0,
        "errorMessage": "",
        "poweredOn": False,
        "operationHistory": {},
    }.items():
        status.setdefault(field, value)
    status.setdefault("provisioning", {"ID": "", "state": "", "image": {"url": ""}})
    return status


def begin(host: Host) -> bool:
    """Whether the host is to be registered now: it has a BMC, is not detached, and has begun."""
    status = host["status"]
    state = status["provisioning"]["state"]
    if not host["spec"].get("bmc", {}).get("address"):
        status["provisioning"]["state"], status["operationalStatus"] = "unmanaged", "discovered"
        return False
    if DETACHED in host["metadata"].get("annotations", {}) and state in USABLE:
        status["operationalStatus"] = "detached"
        return False
    if status.get("operationalStatus") == "detached":
        status["operationalStatus"] = "OK"
    if state in ("", "unmanaged"):
        status["operationalStatus"] = "OK"
        _enter(status, "registering")
        return False
    return True


def advance(host: Host, bmc: Host) -> None:
    """Take a registered host one state further, or note that its present one fails."""
    spec, status = host["spec"], host["status"]
    provisioning, state = status["provisioning"], status["provisioning"]["state"]
    provisioning["ID"] = provisioning["ID"] or host["metadata"]["uid"]
    if bmc.get("fails") == state:
        fail(status, ERRORS[state], bmc["message"])
        return
    if status.get("errorType") == ERRORS.get(state):
        mend(status)
    if state == "provisioning":
        provisioning["image"] = spec["image"]
    if state in USABLE:
        status["poweredOn"] = spec["online"]
    follows = {
        "registering": "externally provisioned" if spec.get("externallyProvisioned") else "inspecting",
        "inspecting": "preparing",
        "preparing": "available",
        "available": "provisioning" if spec.get("image") else "available",
        "provisioning": "provisioned",
    }
    following = follows.get(state, state)
    if following != state:
        _enter(status, following)


def fail(status: Host, error_type: str, message: str) -> None:
    """Note an error once; the same again changes nothing."""
    if (status.get("errorType"), status.get("errorMessage")) != (error_type, message):
        status["errorCount"] += 1
    status |= {"errorType": error_type, "errorMessage": message, "operationalStatus": "error"}


def mend(status: Host) -> None:
    """Take the error away, if there is one."""
    if status.pop("errorType", None):
        status |= {"errorMessage": "", "errorCount": 0, "operationalStatus": "OK"}


def now() -> str:
    """The time as Kubernetes writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _enter(status: Host, state: str) -> None:
    history, before = status["operationHistory"], status["provisioning"]["state"]
    if before in OPERATIONS:
        history[OPERATIONS[before]]["end"] = now()
    if state in OPERATIONS:
        history[OPERATIONS[state]] = {"start": now(), "end": None}
    status["provisioning"]["state"] = state
