"""Reserve the BMC's address on every DHCP server that serves it, so that the BMC gets it when it asks."""

from functools import partial
from ipaddress import IPv4Address

from events.errors import Refuse
from events.types import AddressReserved, CredentialsStored, Outcome, SkippedStep
from events.values import IpAddress
from events.verdicts import Question, Verdict, Would
from kea_sync.handler.acts import DeleteReservation, SaveConfiguration
from kea_sync.handler.port import DhcpServers
from kea_sync.handler.servers import Survey, ensure, look, survey
from kea_sync.handler.values import Wanted

STEP = "kea_sync"
NO_ADDRESS = "the BMC has no address to reserve"

WOULD = {
    Outcome.CREATED: Would.CREATE,
    Outcome.CHANGED: Would.CHANGE,
    Outcome.UNCHANGED: Would.NOTHING,
}


async def reserve_address(
    event: CredentialsStored, dhcp: DhcpServers, *, force: str | None = None
) -> AddressReserved:
    """Reserve the recorded address for the BMC's MAC, and clear away what stood for it before.

    `force` is `<mac>@<ip>`: that live lease of another may be deleted. Raises Refuse, or Retry for as long
    as a server that serves the address is down or another uses it.
    """
    if event.bmc_ip is None:
        return _skipped(event, NO_ADDRESS)
    wanted = Wanted(event.server, event.registration.bmc_mac, _ipv4(event.bmc_ip))
    done = await survey(wanted, dhcp, partial(ensure, force=force))
    told = {
        "outcome": done.outcome,
        "reason": _reason(wanted, done),
        "warnings": (*event.warnings, *(f"{why}: what stood there stays" for why in done.passed_over)),
    }
    return AddressReserved(**dict(event) | told, reservations=done.reservations)


async def check_address(question: Question, dhcp: DhcpServers) -> Verdict:
    """What `reserve_address` would do. Raises what it would raise."""
    if question.address is None:
        if question.address_may_come:
            return Verdict(step=STEP, would=Would.DEPENDS, reason="depends on netbox_sync")
        return Verdict(step=STEP, would=Would.SKIP, reason=NO_ADDRESS)
    wanted = Wanted(question.server, question.registration.bmc_mac, _ipv4(question.address))
    would = await survey(wanted, dhcp, look)
    acts = [(name, act) for name, plan in would.plans.items() for act in plan.acts]
    replaces = any(isinstance(act, DeleteReservation) for _, act in acts)
    changes = [f"{name} {act}" for name, act in acts if not isinstance(act, SaveConfiguration)]
    reason = f"replaces its old reservation: {_reason(wanted, would)}" if replaces else _reason(wanted, would)
    return Verdict(step=STEP, would=WOULD[would.outcome], reason=reason, changes=tuple(changes))


def _ipv4(address: IpAddress) -> IPv4Address:
    if not isinstance(address, IPv4Address):
        raise Refuse(f"{address} is an IPv6 address, and kea-dhcp4 serves IPv4", culprit=str(address))
    return address


def _reason(wanted: Wanted, done: Survey) -> str:
    servers = ", ".join(reservation.dhcp_server for reservation in done.reservations)
    return f"{wanted.address} for {wanted.mac} on {servers}"


def _skipped(event: CredentialsStored, reason: str) -> AddressReserved:
    skipped = (*event.skipped, SkippedStep(step=STEP, reason=reason))
    return AddressReserved(**dict(event) | {"outcome": Outcome.SKIPPED, "reason": reason, "skipped": skipped})
