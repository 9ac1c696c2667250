"""What differs and what may be changed, by the rules that Metal3's operator and its webhook keep.

An apply drops each field of ours that it leaves out. So every plan holds `bmc` and those of the other
fields that are still ours, at the value found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from events.errors import Refuse, Retry, StepError
from events.types import Outcome
from metal3_sync.handler.values import DETACHED, BmcCredentials, FoundHost, FoundSecret
from metal3_sync.handler.wanted import WantedHost

KEPT = ("online", "automatedCleaningMode", "bootMACAddress")
DETACHED_FIELD = f"metadata.annotations.{DETACHED}"
PASSING = {"inspecting", "preparing"}
"""States that a host leaves by itself, for `available`, unless it has an error."""


class Detaching(Retry):
    """The host is detached first, which its operator does within seconds."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, delay=2.0)


@dataclass(frozen=True)
class Plan:
    """What to apply to a host, each difference by field; `then` is raised once that is applied."""

    outcome: Outcome
    spec: Mapping[str, Any]
    annotations: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)
    then: StepError | None = None


def decide_secret(
    wanted: WantedHost, credentials: BmcCredentials | None, found: FoundSecret | None, host: FoundHost | None
) -> Outcome:
    """Whether the Secret is to be made or changed; asked without credentials, only whether it could be."""
    if found is None:
        return Outcome.CREATED
    label, ours = wanted.secret_label, f"BareMetalHost/{wanted.server}"
    strangers = [owner for owner in found.owners if owner != ours]
    if strangers:
        raise Refuse(f"{label} belongs to {strangers[0]}, not to this host", culprit=strangers[0])
    if found.deleting:
        raise Retry(f"{label} is being deleted: waiting until it is gone")
    if host is None and found.owners:
        # Kubernetes collects what belonged to a host that is gone, and it would take our change with it.
        raise Retry(f"{label} goes with a BareMetalHost that was deleted: waiting until it is gone")
    return Outcome.UNCHANGED if credentials in (None, found.content) else Outcome.CHANGED


def decide_host(wanted: WantedHost, found: FoundHost | None) -> Plan:
    """What to do about the host. Raises `Refuse` and `Retry` where nothing may be done."""
    if found is not None and found.deleting:
        raise Retry(f"{wanted.label} is being deleted: waiting until it is gone")
    _require_boot_mac(wanted, found)
    if found is None:
        return Plan(Outcome.CREATED, wanted.spec(), changes={"": "created"})
    changes = _changes(wanted, found)
    hindrance = _hindrance(wanted, found) if "spec.bmc.address" in changes else None
    if hindrance is not None:
        return _held_up(found, hindrance)
    if DETACHED in found.ours:
        changes[DETACHED_FIELD] = "attached again"
    spec = _kept(found) | {"bmc": dict(wanted.bmc)}
    if "spec.bootMACAddress" in changes:
        spec["bootMACAddress"] = wanted.boot_mac
    return Plan(Outcome.CHANGED if changes else Outcome.UNCHANGED, spec, changes=changes)


def _require_boot_mac(wanted: WantedHost, found: FoundHost | None) -> None:
    has = str(found.spec.get("bootMACAddress") or "") if found else ""
    if wanted.boot_mac and has and has.lower() != wanted.boot_mac:
        raise Refuse(
            f"{wanted.label} has boot MAC {has}, the scan says {wanted.boot_mac}, "
            "and Metal3 never changes it: delete the BareMetalHost, then replay",
            culprit=wanted.label,
        )
    if has or wanted.boot_mac:
        return
    if wanted.driver in wanted.policy.boot_mac_needed_for:
        raise Refuse(f"a {wanted.driver} address needs the boot NIC's MAC: scan again with boot_mac")
    if found and found.inspection_disabled:
        raise Refuse(f"{wanted.label} is not inspected and so needs boot_mac: scan again with it")


def differing(wanted: WantedHost, found: FoundHost) -> dict[str, tuple[Any, Any]]:
    """What was found and what is wanted of each field that differs; only what a scan may change."""
    both = {f"bmc.{name}": (found.bmc[name], value) for name, value in wanted.bmc.items()}
    if wanted.boot_mac and not found.spec.get("bootMACAddress"):
        both["bootMACAddress"] = ("", wanted.boot_mac)
    return {name: (old, new) for name, (old, new) in both.items() if old != new}


def _changes(wanted: WantedHost, found: FoundHost) -> dict[str, str]:
    return {
        f"spec.{name}": f"{name} {old} becomes {new}" if old else f"{name} becomes {new}"
        for name, (old, new) in differing(wanted, found).items()
    }


def _hindrance(wanted: WantedHost, found: FoundHost) -> StepError | None:
    """Why the BMC's address can't change now: Metal3 lets it only while registering or detached."""
    free = found.state == "registering" or found.operational_status == "detached"
    if free or not found.bmc["address"]:
        return None
    if found.state == "":
        return Retry(f"{wanted.label} is not yet looked at by its operator: its BMC address can't change yet")
    if found.state in PASSING and not found.status.get("errorType"):
        return Retry(f"{wanted.label} is {found.state}: its BMC address can't change until it is available")
    if found.state == "available" and not found.consumer:
        change = f"from {found.bmc['address']} to {wanted.bmc['address']}"
        return Detaching(f"{wanted.label} is detached first, so that its BMC address can change {change}")
    user = f", used by {found.consumer}" if found.consumer else ""
    return Refuse(
        f"the BMC address of {wanted.label} can't change from {found.bmc['address']} to "
        f"{wanted.bmc['address']} while it is {found.state}{user}: make it available without a consumer, "
        f"or detach it by the annotation {DETACHED}, then replay",
        culprit=found.consumer or wanted.label,
    )


def _held_up(found: FoundHost, hindrance: StepError) -> Plan:
    """Nothing but the annotation: put on to detach the host, taken off where that came to nothing."""
    detaching = isinstance(hindrance, Detaching)
    changes = {}
    if detaching and DETACHED not in found.annotations:
        changes = {DETACHED_FIELD: "detached for its BMC address to change"}
    elif not detaching and DETACHED in found.ours:
        changes = {DETACHED_FIELD: "attached again"}
    spec = _kept(found) | {"bmc": dict(found.spec["bmc"])}
    return Plan(Outcome.CHANGED, spec, {DETACHED: "{}"} if detaching else {}, changes, hindrance)


def _kept(found: FoundHost) -> dict[str, Any]:
    return {name: found.spec[name] for name in KEPT if name in found.ours and name in found.spec}
