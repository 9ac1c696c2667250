"""What is told of a look: the event, the verdict, and the sentence that an operator reads."""

from collections.abc import Sequence

from events.placing import NEEDED
from events.types import DeviceRecorded, Outcome, ServerScanned, SkippedStep
from events.values import IpAddress
from events.verdicts import Verdict, Would
from netbox_sync.handler.decide import Plan
from netbox_sync.handler.values import Device, Wanted

STEP = "netbox_sync"


def recorded(
    scanned: ServerScanned, wanted: Wanted, plan: Plan, device: Device, bmc_ip: IpAddress | None
) -> DeviceRecorded:
    """NetBox holds the server now; `plan` is what was missing there before."""
    outcome = Outcome.CREATED if plan.creates else Outcome.CHANGED if plan.changes else Outcome.UNCHANGED
    address = (
        f", BMC address {bmc_ip}" if bmc_ip else ", no BMC address: no bmc_ip and no prefix to take one from"
    )
    return DeviceRecorded(
        onboarding_id=scanned.onboarding_id,
        server=scanned.server,
        site=scanned.site,
        registration=scanned.registration,
        sealed_password=scanned.sealed_password,
        outcome=outcome,
        reason=_sentence(wanted, plan) + address,
        device_id=device.id,
        bmc_ip=bmc_ip,
    )


def skipped(scanned: ServerScanned, absent: Sequence[str]) -> DeviceRecorded:
    """NetBox has nothing to hold; some of the needed fields without the others look like a slip."""
    reason = skip_reason(absent)
    return DeviceRecorded(
        onboarding_id=scanned.onboarding_id,
        server=scanned.server,
        site=scanned.site,
        registration=scanned.registration,
        sealed_password=scanned.sealed_password,
        outcome=Outcome.SKIPPED,
        reason=reason,
        warnings=(f"not recorded in NetBox: {reason}",) if len(absent) < len(NEEDED) else (),
        skipped=(SkippedStep(step=STEP, reason=reason),),
        bmc_ip=scanned.registration.bmc_ip,
    )


def foreseen(wanted: Wanted, plan: Plan) -> Verdict:
    """What carrying out the plan would mean."""
    would = Would.CREATE if plan.creates else Would.CHANGE if plan.changes else Would.NOTHING
    return Verdict(step=STEP, would=would, reason=_sentence(wanted, plan), changes=plan.changes)


def skip_reason(absent: Sequence[str]) -> str:
    """Which fields were missing."""
    return f"the scan has no {', '.join(absent)}"


def _sentence(wanted: Wanted, plan: Plan) -> str:
    if plan.creates:
        return f"device {wanted.server} created in {wanted.place}"
    if plan.changes:
        return f"device {wanted.server} in {wanted.place}: {'; '.join(plan.changes)}"
    return f"device {wanted.server} in {wanted.place} is as it was scanned"
