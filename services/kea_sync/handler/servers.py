"""From server to server: find, decide, act. One that is down never stops the others."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from events.errors import Refuse, Retry
from events.types import Outcome, Reservation
from kea_sync.handler.acts import DeleteLease, Plan, Store
from kea_sync.handler.decision import decide, is_old
from kea_sync.handler.places import Place, locate, tied_elsewhere
from kea_sync.handler.port import DhcpServers, OvertakenError
from kea_sync.handler.values import Configuration, Held, Reserved, Wanted

ROUNDS = 3
"""How often one server is read again when another process was quicker."""


@dataclass(frozen=True)
class Survey:
    """What is to be done, or was done, on each server by name, and where the reservations stand."""

    plans: dict[str, Plan]
    reservations: tuple[Reservation, ...]
    passed_over: tuple[str, ...]

    @property
    def outcome(self) -> Outcome:
        """One word for all servers: changed if anything old went, created if anything is new."""
        outcomes = {plan.outcome for plan in self.plans.values()}
        return next((o for o in (Outcome.CHANGED, Outcome.CREATED) if o in outcomes), Outcome.UNCHANGED)


Visit = Callable[[Place, Wanted, Sequence[Place]], Awaitable[Plan]]
"""What is made of one server, given the others that serve the address too."""


async def survey(wanted: Wanted, dhcp: DhcpServers, visit: Visit) -> Survey:
    """Visit every server, with fresh configurations if the cached ones lead to a refusal.

    Raises Refuse, or Retry naming all servers that are not done.
    """
    try:
        return await _survey(wanted, dhcp, visit)
    except Refuse:
        dhcp.forget()
        return await _survey(wanted, dhcp, visit)


async def _survey(wanted: Wanted, dhcp: DhcpServers, visit: Visit) -> Survey:
    places = await locate(wanted.address, dhcp)
    plans: dict[str, Plan] = {}
    reservations: list[Reservation] = []
    delayed, passed_over = list(places.delayed), list(places.passed_over)
    for place in places.reached:
        if not place.can_be_asked:
            continue
        try:
            plans[place.server.name] = await visit(
                place, replace(wanted, subnet=place.subnet), places.others(place)
            )
        except Retry as error:
            if tied_elsewhere(place.server, wanted.address):
                passed_over.append(error.reason)
            else:
                delayed.append(error)
            continue
        if place.subnet:
            reservations.append(Reservation(dhcp_server=place.server.name, subnet_id=place.subnet.id))
    if delayed:
        raise _not_done(delayed, plans)
    return Survey(plans, tuple(reservations), tuple(passed_over))


def _not_done(delayed: list[Retry], plans: dict[str, Plan]) -> Retry:
    """Held back until one backend returns only where nothing but that one is left to do."""
    reasons = [error.reason for error in delayed]
    if plans:
        reasons.append(f"settled on {', '.join(plans)}")
    backends = {error.backend for error in delayed}
    return Retry("; ".join(reasons), backend=backends.pop() if len(backends) == 1 else None)


async def look(place: Place, wanted: Wanted, _others: Sequence[Place]) -> Plan:
    """What would be done on one server."""
    return _decide(place, wanted, await _find(place, wanted, thorough=True), force=None)


async def ensure(place: Place, wanted: Wanted, others: Sequence[Place], force: str | None) -> Plan:
    """Do what is to be done on one server; the plan that was carried out."""
    for attempt in range(ROUNDS):
        held = await _find(place, wanted, thorough=attempt > 0)
        if attempt + 1 < ROUNDS and _changed_meanwhile(held):
            continue
        plan = _decide(place, wanted, held, force)
        try:
            await _free_leases(plan.replaced_macs - {wanted.mac}, others)
            for act in plan.acts:
                await place.server.apply(act)
        except OvertakenError as error:
            reason = str(error)
            continue
        return plan
    raise Refuse(
        f"{place.server.name} keeps contradicting what it shows: {reason}", culprit=place.server.name
    )


async def _free_leases(macs: frozenset[str], places: Sequence[Place]) -> None:
    """Delete replaced MACs' leases: servers that share a database forget a reservation all at once."""
    for place in places if macs else ():
        try:
            for lease in [lease for mac in sorted(macs) for lease in await place.server.leases_of(mac)]:
                await place.server.apply(DeleteLease(lease))
        except Retry:
            # What it can't do now it is asked again, and told of, when its own turn comes.
            continue


def _decide(place: Place, wanted: Wanted, held: Held, force: str | None) -> Plan:
    store = place.server.without_database if not held.configuration.has_database else Store.DATABASE
    return decide(place.server.name, wanted, held, store, force)


async def _find(place: Place, wanted: Wanted, *, thorough: bool) -> Held:
    """Read what touches the BMC. A new one's address is left for the add to tell, unless `thorough`."""
    server = place.server
    reservations = [*await server.named(wanted.hostname), *await server.of(wanted.mac)]
    if wanted.subnet and (thorough or _must_know_holder(place.configuration, wanted, reservations)):
        reservations += await server.at(wanted.address)
    leases = await server.leases_at(wanted.address) if wanted.subnet else []
    own = (found.mac for found in reservations if found.mac and wanted.owns(found))
    for mac in dict.fromkeys([wanted.mac, *own]):
        leases += await server.leases_of(mac)
    return Held(place.configuration, tuple(dict.fromkeys(reservations)), tuple(dict.fromkeys(leases)))


def _changed_meanwhile(held: Held) -> bool:
    """Whether a client shows two reservations of one subnet: an old one, and what another process made of it.

    A reservation is deleted by its client, so to delete the one that is gone would delete the new one.
    """
    clients = [(found.subnet_id, found.identifier_type, found.identifier) for found in held.reservations]
    return len(set(clients)) < len(clients)


def _must_know_holder(configuration: Configuration, wanted: Wanted, found: list[Reserved]) -> bool:
    """Whether the address is looked up before acting: no old reservation is given up for nothing."""
    if not configuration.add_tells_holder(wanted.address):
        return True
    own = [reserved for reserved in found if wanted.owns(reserved) and configuration.knows(reserved)]
    stands_there = any(reserved.address == wanted.address for reserved in own)
    return not stands_there and any(is_old(wanted, reserved, configuration) for reserved in own)
