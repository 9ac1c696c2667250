"""The pure decision: what one DHCP server holds, and so what is to be done there, or why nothing can be."""

from events.errors import Refuse, Retry
from events.types import Outcome
from events.values import MacAddress
from kea_sync.handler.acts import (
    Act,
    AddReservation,
    DeleteLease,
    DeleteReservation,
    Plan,
    SaveConfiguration,
    Store,
)
from kea_sync.handler.values import HW_ADDRESS, Configuration, Held, Lease, Reserved, Subnet, Wanted


def decide(dhcp_server: str, wanted: Wanted, held: Held, store: Store | None, force: str | None) -> Plan:
    """What to do on this server. `force` is `<mac>@<ip>`: the lease of another that may be deleted.

    Leases go before reservations: a lease of a replaced MAC is known as ours by its old reservation only.
    Raises Refuse for what a person must mend, Retry while another uses the address.
    """
    if wanted.subnet:
        refuse_void(dhcp_server, wanted, wanted.subnet, held.configuration)
    _refuse_others(dhcp_server, wanted, held)
    old = [reserved for reserved in held.reservations if is_old(wanted, reserved, held.configuration)]
    leases = _leases_to_delete(dhcp_server, wanted, held, force)
    missing = wanted.reservation if wanted.reservation not in held.reservations else None
    if store is None:
        if wanted.subnet or old:
            _refuse_without_database(dhcp_server)
        return _plan([DeleteLease(lease) for lease in leases])
    acts: list[Act] = [DeleteLease(lease) for lease in leases]
    acts += [DeleteReservation(reserved, store) for reserved in old]
    acts += [AddReservation(missing, store)] if missing else []
    return _plan(acts, store)


def is_old(wanted: Wanted, reserved: Reserved, configuration: Configuration) -> bool:
    """Whether a reservation is one of this server's own that shall no longer stand here."""
    if not wanted.owns(reserved) or not configuration.knows(reserved) or reserved == wanted.reservation:
        return False
    return wanted.subnet is not None or reserved.address != wanted.address


def refuse_void(dhcp_server: str, wanted: Wanted, subnet: Subnet, configuration: Configuration) -> None:
    """Refuse a reservation that the server would keep and never honour, naming the flag."""
    in_pool = any(first <= wanted.address <= last for first, last in subnet.pools)
    if HW_ADDRESS not in configuration.identifiers:
        flag = "host-reservation-identifiers leaves out hw-address"
    elif not subnet.in_subnet:
        flag = f"reservations-in-subnet is off in {subnet}"
    elif subnet.out_of_pool and in_pool:
        flag = f"reservations-out-of-pool is on in {subnet} and {wanted.address} is inside a pool"
    else:
        return
    raise Refuse(f"{dhcp_server} would not honour the reservation: {flag}", culprit=flag.split()[0])


def _refuse_others(dhcp_server: str, wanted: Wanted, held: Held) -> None:
    for reserved in held.reservations:
        if wanted.owns(reserved):
            continue
        if reserved.mac == wanted.mac:
            reason = f"{wanted.mac} is reserved under another name on {dhcp_server}: {reserved}"
            raise Refuse(reason, culprit=reserved.hostname)
        if wanted.subnet and reserved.address == wanted.address and held.configuration.knows(reserved):
            reason = f"{wanted.address} is reserved for another on {dhcp_server}: {reserved}"
            raise Refuse(reason, culprit=reserved.hostname or reserved.identifier)


def _refuse_without_database(dhcp_server: str) -> None:
    raise Refuse(
        f"{dhcp_server} has no hosts database (hosts-databases), so a reservation would not outlive a"
        ' restart; configure one, or set its store to "memory" in ONRAMP_KEA_SERVERS',
        culprit="hosts-databases",
    )


def _leases_to_delete(dhcp_server: str, wanted: Wanted, held: Held, force: str | None) -> list[Lease]:
    own = {wanted.mac, *(reserved.mac for reserved in held.reservations if wanted.owns(reserved))}
    deleted = []
    for lease in held.leases:
        at_our_address = wanted.subnet is not None and lease.address == wanted.address
        if at_our_address and lease.mac == wanted.mac:
            continue
        if lease.mac in own or (at_our_address and _is_forced(lease, force)):
            deleted.append(lease)
        elif at_our_address:
            raise Retry(f"{wanted.address} is leased on {dhcp_server} to {lease}")
    return deleted


def _is_forced(lease: Lease, force: str | None) -> bool:
    mac, _, address = (force or "").partition("@")
    try:
        return (MacAddress(mac), address.strip()) == (lease.mac, str(lease.address))
    except ValueError:
        return False


def _plan(acts: list[Act], store: Store | None = None) -> Plan:
    if not acts:
        outcome = Outcome.UNCHANGED
    elif any(isinstance(act, AddReservation) for act in acts) and not any(
        isinstance(act, DeleteReservation) for act in acts
    ):
        outcome = Outcome.CREATED
    else:
        outcome = Outcome.CHANGED
    # Nothing tells whether the file holds what memory does, so it is written each time.
    save = (SaveConfiguration(),) if store is Store.MEMORY else ()
    return Plan(outcome, (*acts, *save))
