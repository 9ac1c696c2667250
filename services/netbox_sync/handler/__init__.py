"""Record a scanned server in NetBox: its device, BMC interface, MAC and address; later, that it is usable.

A look finds what NetBox holds and decides, by a pure function, what differs; only that is written.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from events.errors import Refuse, Retry
from events.placing import missing
from events.types import DeviceRecorded, ServerReady, ServerScanned
from events.verdicts import Question, Verdict, Would
from netbox_sync.handler.act import place_device, write_bmc
from netbox_sync.handler.decide import decide
from netbox_sync.handler.facts import STEP, foreseen, recorded, skip_reason, skipped
from netbox_sync.handler.find import elevations, look
from netbox_sync.handler.identity import refuse_occupied
from netbox_sync.handler.port import NetBox, Rejected
from netbox_sync.handler.references import resolve
from netbox_sync.handler.values import Policy

__all__ = ["NetBox", "Policy", "Rejected", "check_device", "record_device", "stage_device"]

T = TypeVar("T")


async def record_device(scanned: ServerScanned, netbox: NetBox, policy: Policy) -> DeviceRecorded:
    """See to it that NetBox holds the server as it was scanned, and say which address its BMC has."""
    if absent := missing(scanned.registration):
        return skipped(scanned, absent)
    return await _look_twice(lambda: _ensure(scanned, netbox, policy), netbox)


async def check_device(question: Question, netbox: NetBox, policy: Policy) -> Verdict:
    """Say what `record_device` would do, and write nothing."""
    if absent := missing(question.registration):
        return Verdict(step=STEP, would=Would.SKIP, reason=skip_reason(absent))
    return await _look_twice(lambda: _foresee(question, netbox, policy), netbox)


async def stage_device(ready: ServerReady, netbox: NetBox, policy: Policy) -> None:
    """Mark the device as usable, unless a person has given it another status than ours."""
    if ready.device_id is None or any(step.step == STEP for step in ready.skipped):
        return
    device = await netbox.device(ready.device_id)
    if device is None:
        raise Refuse(
            f"device {ready.server} (id {ready.device_id}) is gone from NetBox", culprit=ready.server
        )
    if device.status == policy.status_new:
        await netbox.change_device(device.id, {"status": policy.status_ready})


async def _ensure(scanned: ServerScanned, netbox: NetBox, policy: Policy) -> DeviceRecorded:
    wanted = await resolve(scanned.server, scanned.registration, netbox, policy)
    found, plan = await look(wanted, netbox, policy)
    device = await place_device(wanted, found, plan, netbox)
    rest = plan
    if plan.creates:
        interfaces = tuple(await netbox.new_interfaces(device.id))
        rest = decide(wanted, replace(found, device=device, interfaces=interfaces), policy)
    address = await write_bmc(wanted, device, rest, netbox, policy)
    return recorded(scanned, wanted, plan, device, address.ip if address else None)


async def _foresee(question: Question, netbox: NetBox, policy: Policy) -> Verdict:
    wanted = await resolve(question.server, question.registration, netbox, policy)
    found, plan = await look(wanted, netbox, policy)
    if plan.takes_units:
        refuse_occupied(wanted, *await elevations(wanted, found, netbox))
    return foreseen(wanted, plan)


async def _look_twice(once: Callable[[], Awaitable[T]], netbox: NetBox) -> T:
    """A refusal stands only if a second look comes to it too.

    The first may rest on remembered references, or on what another replica was changing at that moment.
    """
    try:
        return await once()
    except Refuse as refusal:
        first = refusal
    await netbox.forget_references()
    try:
        return await once()
    except Refuse as second:
        if second.reason != first.reason:
            raise Retry(f"NetBox is being changed: {second.reason}") from second
        raise
