"""Whether an enrolled host is ready, on its way, in trouble or given up.

Source of the states: `apis/metal3.io/v1alpha1/baremetalhost_types.go` of the baremetal-operator.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from metal3_sync.handler import FoundHost

USABLE = frozenset({"available", "provisioning", "provisioned", "externally provisioned"})
GONE = "the BareMetalHost is gone: replay metal3_sync to have it made again"
SLOWEST_RETRY = 9
"""The operator tries a failing host again after 2^n minutes, n the failures so far, but at most this."""


@dataclass(frozen=True)
class Rules:
    """When a host is ready; the seconds that it may take to register and for each later phase."""

    ready_when: Literal["available", "enrolled"]
    registering: float
    inspecting: float


@dataclass(frozen=True)
class Ready:
    """Kubernetes can use it."""

    state: str


@dataclass(frozen=True)
class Waiting:
    """It is on its way: to be looked at again at `until`, if nothing happens before."""

    until: datetime | None


@dataclass(frozen=True)
class Delayed:
    """Metal3 is in trouble with it and tries again by itself; given up at `until`."""

    reason: str
    next_attempt_at: datetime
    until: datetime


@dataclass(frozen=True)
class Failed:
    """It has had its time."""

    reason: str


Judgement = Ready | Waiting | Delayed | Failed


@dataclass(frozen=True)
class Look:
    """One look at a host. `secret` is its Secret's present version; `since`, when it was last set going."""

    host: FoundHost | None
    secret: tuple[str, str] | None
    since: datetime
    now: datetime


def judge(look: Look, rules: Rules) -> Judgement:
    """Judge what was seen."""
    if rules.ready_when == "enrolled":
        return Ready("enrolled")
    host = look.host
    if host is None:
        return _overdue(look, rules, "register", GONE)
    if _is_usable(host) and look.secret is not None and _proven(host) == look.secret:
        return Ready(host.state)
    if host.operational_status == "delayed":
        return Waiting(None)  # Metal3 itself has it wait for its turn: no time of its own passes.
    trouble = str(host.status.get("errorMessage") or host.status.get("errorType") or "")
    return _overdue(look, rules, _phase(host), trouble)


def is_promising(host: FoundHost | None) -> bool:
    """Whether only its Secret's version is wanting to tell if it is ready."""
    return host is not None and _is_usable(host)


def _is_usable(host: FoundHost) -> bool:
    sound = host.operational_status == "OK" and not host.status.get("errorType")
    return sound and host.state in USABLE and not host.deleting


def _proven(host: FoundHost) -> tuple[str, str] | None:
    """Name and version of the Secret that last let Metal3 in."""
    good = host.status.get("goodCredentials") or {}
    name = (good.get("credentials") or {}).get("name")
    return (str(name), str(good.get("credentialsVersion"))) if name else None


def _overdue(look: Look, rules: Rules, phase: str, trouble: str) -> Judgement:
    """Trouble is told while there is time; whatever stands still is given up at the phase's deadline."""
    seconds = rules.registering if phase == "register" else rules.inspecting
    begun = _phase_start(look.host, phase)
    until = max(begun or look.since, look.since) + timedelta(seconds=seconds)
    if look.now >= until:
        return Failed(f"{trouble or _stuck(look.host)} (given up after {timedelta(seconds=seconds)})")
    if not trouble:
        return Waiting(until)
    return Delayed(trouble, min(_next_attempt(look), until), until)


def _phase(host: FoundHost) -> str:
    """By the name that `status.operationHistory` has for it; a usable host may have to register again."""
    if host.state in USABLE or host.state in ("", "unmanaged", "registering"):
        return "register"
    return "inspect"


def _phase_start(host: FoundHost | None, phase: str) -> datetime | None:
    history: dict[str, Any] = dict(host.status.get("operationHistory") or {}) if host else {}
    metric = history.get(phase) or {}
    over = host is not None and host.state not in ("registering", "inspecting")
    return _time((metric.get("end") if over else None) or metric.get("start"))


def _stuck(host: FoundHost | None) -> str:
    if host is None:
        return GONE
    if host.deleting:
        return "the BareMetalHost is being deleted"
    if host.state == "":
        return "Metal3 has not looked at the host: is its operator running?"
    if host.operational_status == "detached":
        return f"the host is {host.state} but detached: remove the annotation that detaches it"
    return f"the host is still {host.state} ({host.operational_status or 'no operational status'})"


def _next_attempt(look: Look) -> datetime:
    status = look.host.status if look.host else {}
    minutes = 2 ** min(int(status.get("errorCount") or 0), SLOWEST_RETRY)
    tried = _time(status.get("lastUpdated")) or look.now
    return max(tried + timedelta(minutes=minutes), look.now)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
