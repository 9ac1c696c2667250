"""What is decided from what one DHCP server holds."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from events.errors import Refuse, Retry
from events.types import Outcome
from events.values import MacAddress, ServerName
from kea_sync.handler.acts import (
    AddReservation,
    DeleteLease,
    DeleteReservation,
    Plan,
    SaveConfiguration,
    Store,
)
from kea_sync.handler.decision import decide
from kea_sync.handler.values import Configuration, Held, Lease, Reserved, Subnet, Wanted
from tests.unit.kea_sync.events import ADDRESS, MAC, OLD_MAC, SERVER, STRANGER
from tests.unit.kea_sync.fake import CONFIGURATION, SUBNET, lease, reserved

WANTED = Wanted(ServerName(SERVER), MacAddress(MAC), IPv4Address(ADDRESS), SUBNET)
OURS = reserved()
DATABASE = Store.DATABASE
ADD = AddReservation(OURS, DATABASE)


def plan(
    *held: Reserved | Lease,
    wanted: Wanted = WANTED,
    configuration: Configuration = CONFIGURATION,
    store: Store | None = DATABASE,
    force: str | None = None,
) -> Plan:
    reservations = tuple(one for one in held if isinstance(one, Reserved))
    leases = tuple(one for one in held if isinstance(one, Lease))
    return decide("kea-a", wanted, Held(configuration, reservations, leases), store, force)


NO_NAME = reserved(hostname="")
OLD_ADDRESS = reserved(address="10.0.7.99")
OLD_SUBNET = reserved(address="10.0.8.31", subnet_id=8)
REPLACED = reserved(mac=OLD_MAC)
BARE_NAME = reserved(hostname=SERVER, mac=OLD_MAC)
QUALIFIED = reserved(hostname=f"{SERVER}.mgmt.example.com")
BY_CLIENT_ID = replace(OURS, identifier_type="client-id", identifier="01aabb")
IN_NO_SUBNET = reserved(mac=OLD_MAC, address="10.0.8.31", subnet_id=0)
WITHOUT_ADDRESS = replace(OURS, address=None)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        ([], Plan(Outcome.CREATED, (ADD,))),
        ([OURS], Plan(Outcome.UNCHANGED)),
        ([OURS, lease()], Plan(Outcome.UNCHANGED)),
        *(
            ([old], Plan(Outcome.CHANGED, (DeleteReservation(old, DATABASE), ADD)))
            for old in (
                NO_NAME,
                OLD_ADDRESS,
                OLD_SUBNET,
                REPLACED,
                BARE_NAME,
                QUALIFIED,
                BY_CLIENT_ID,
                IN_NO_SUBNET,
                WITHOUT_ADDRESS,
            )
        ),
        ([OURS, OLD_SUBNET], Plan(Outcome.CHANGED, (DeleteReservation(OLD_SUBNET, DATABASE),))),
        (
            [REPLACED, lease(OLD_MAC)],
            Plan(
                Outcome.CHANGED,
                (DeleteLease(lease(OLD_MAC)), DeleteReservation(REPLACED, DATABASE), ADD),
            ),
        ),
        (
            [lease(address="10.0.7.200")],
            Plan(Outcome.CREATED, (DeleteLease(lease(address="10.0.7.200")), ADD)),
        ),
        (
            [OURS, lease(address="10.0.7.200")],
            Plan(Outcome.CHANGED, (DeleteLease(lease(address="10.0.7.200")),)),
        ),
    ],
)
def test_only_the_difference_is_planned_and_leases_go_first(
    held: list[Reserved | Lease], expected: Plan
) -> None:
    assert plan(*held) == expected


def test_a_reservation_of_another_server_on_the_shared_database_is_left_alone() -> None:
    elsewhere = reserved(address="10.99.0.1", subnet_id=99)

    assert plan(OURS, elsewhere) == Plan(Outcome.UNCHANGED)


def test_another_subnet_of_the_same_id_is_another_servers() -> None:
    elsewhere = reserved(address="10.99.0.1", subnet_id=SUBNET.id)

    assert plan(OURS, elsewhere) == Plan(Outcome.UNCHANGED)


def test_the_same_address_in_another_servers_subnet_is_no_conflict() -> None:
    elsewhere = reserved("printer", STRANGER, subnet_id=99)

    assert plan(OURS, elsewhere) == Plan(Outcome.UNCHANGED)


def test_anothers_reservation_of_another_address_is_left_alone() -> None:
    assert plan(OURS, reserved("printer", STRANGER, "10.0.7.50")) == Plan(Outcome.UNCHANGED)


def test_only_a_client_that_is_known_by_its_mac_has_one_replaced() -> None:
    assert plan(REPLACED).replaced_macs == {OLD_MAC}
    assert plan(BY_CLIENT_ID).replaced_macs == frozenset()


def test_who_has_the_address_on_a_server_that_does_not_serve_it_is_no_matter() -> None:
    wanted = replace(WANTED, subnet=None)
    printer = reserved("printer", STRANGER, subnet_id=0)

    assert plan(printer, lease(STRANGER), wanted=wanted) == Plan(Outcome.UNCHANGED)


def test_a_server_that_does_not_serve_the_address_loses_the_old_reservation_and_leases() -> None:
    found = plan(OLD_SUBNET, lease(address="10.0.8.31"), wanted=replace(WANTED, subnet=None))

    assert found.acts == (
        DeleteLease(lease(address="10.0.8.31")),
        DeleteReservation(OLD_SUBNET, DATABASE),
    )


def test_a_server_that_is_tied_elsewhere_keeps_the_reservation_of_this_very_address() -> None:
    assert plan(OURS, wanted=replace(WANTED, subnet=None)) == Plan(Outcome.UNCHANGED)


@pytest.mark.parametrize("hostname", ["dcoa-rb06u32-bmc", "dcoa-rb06u31-bmc2", "printer.example.com"])
def test_our_mac_under_another_hostname_is_refused_naming_it(hostname: str) -> None:
    with pytest.raises(Refuse, match=f"another name on kea-a: {hostname}") as refused:
        plan(reserved(hostname=hostname, address="10.0.8.5", subnet_id=8))
    assert refused.value.culprit == hostname


@pytest.mark.parametrize("hostname", ["printer", ""])
def test_an_address_that_is_reserved_for_another_is_refused_naming_hostname_and_mac(hostname: str) -> None:
    with pytest.raises(Refuse, match=f"{hostname or 'no hostname'}, {STRANGER}") as refused:
        plan(reserved(hostname=hostname, mac=STRANGER))
    assert refused.value.culprit == (hostname or STRANGER)


def test_anothers_live_lease_of_the_address_waits_naming_mac_hostname_and_expiry() -> None:
    with pytest.raises(Retry, match=rf"{STRANGER} \(printer\) until 2100-01-02 03:04:05 UTC"):
        plan(OURS, lease(STRANGER))


def test_the_lease_waits_of_whom_another_server_on_the_shared_database_knows_by_this_address() -> None:
    with pytest.raises(Retry, match=STRANGER):
        plan(OURS, reserved("printer", STRANGER, subnet_id=99), lease(STRANGER))


@pytest.mark.parametrize("force", [None, f"{STRANGER}@10.0.7.32"])
def test_anothers_lease_elsewhere_is_none_of_ours(force: str | None) -> None:
    assert plan(OURS, lease(STRANGER, "10.0.7.32"), force=force) == Plan(Outcome.UNCHANGED)


@pytest.mark.parametrize("force", [f"{STRANGER}@{ADDRESS}", f"52-54-00-12-34-56@{ADDRESS}"])
def test_an_operator_may_force_that_very_lease(force: str) -> None:
    assert plan(lease(STRANGER), force=force).acts == (DeleteLease(lease(STRANGER)), ADD)


@pytest.mark.parametrize("force", [f"{OLD_MAC}@{ADDRESS}", f"{STRANGER}@10.0.7.32", STRANGER, "@", ""])
def test_forcing_another_lease_deletes_nothing(force: str) -> None:
    with pytest.raises(Retry):
        plan(lease(STRANGER), force=force)


def test_a_declined_address_waits_and_can_not_be_forced() -> None:
    with pytest.raises(Retry, match="leased on kea-a to a stranger"):
        plan(lease(""), force=f"@{ADDRESS}")


IN_POOL = ((IPv4Address("10.0.7.10"), IPv4Address("10.0.7.40")),)


@pytest.mark.parametrize(
    ("subnet", "identifiers", "flag"),
    [
        (replace(SUBNET, in_subnet=False), {"hw-address"}, "reservations-in-subnet"),
        (replace(SUBNET, out_of_pool=True, pools=IN_POOL), {"hw-address"}, "reservations-out-of-pool"),
        (SUBNET, {"duid"}, "host-reservation-identifiers"),
    ],
)
def test_a_reservation_that_would_be_void_is_refused_naming_the_flag(
    subnet: Subnet, identifiers: set[str], flag: str
) -> None:
    configuration = Configuration(subnets=(subnet,), identifiers=frozenset(identifiers))
    with pytest.raises(Refuse, match=flag) as refused:
        plan(wanted=replace(WANTED, subnet=subnet), configuration=configuration)
    assert refused.value.culprit == flag


@pytest.mark.parametrize(
    "subnet", [replace(SUBNET, out_of_pool=True), replace(SUBNET, pools=IN_POOL)], ids=["outside", "off"]
)
def test_out_of_pool_voids_only_an_address_inside_a_pool(subnet: Subnet) -> None:
    configuration = Configuration(subnets=(subnet,))
    assert plan(wanted=replace(WANTED, subnet=subnet), configuration=configuration).acts == (ADD,)


@pytest.mark.parametrize("address", ["10.0.7.10", "10.0.7.40"])
def test_the_first_and_the_last_address_of_a_pool_are_inside(address: str) -> None:
    subnet = replace(SUBNET, out_of_pool=True, pools=IN_POOL)
    with pytest.raises(Refuse, match="inside a pool"):
        plan(wanted=replace(WANTED, subnet=subnet, address=IPv4Address(address)))


def test_without_a_hosts_database_the_reservation_is_refused() -> None:
    with pytest.raises(Refuse, match="hosts-databases") as refused:
        plan(store=None)
    assert refused.value.culprit == "hosts-databases"


def test_without_a_hosts_database_an_old_reservation_that_would_come_back_is_refused() -> None:
    with pytest.raises(Refuse, match="hosts-databases"):
        plan(OLD_SUBNET, store=None, wanted=replace(WANTED, subnet=None))


def test_without_a_hosts_database_a_server_that_serves_not_and_holds_nothing_is_no_matter() -> None:
    assert plan(store=None, wanted=replace(WANTED, subnet=None)) == Plan(Outcome.UNCHANGED)


def test_what_is_written_to_memory_is_saved_and_saved_again() -> None:
    assert plan(store=Store.MEMORY).acts == (AddReservation(OURS, Store.MEMORY), SaveConfiguration())
    assert plan(OURS, store=Store.MEMORY) == Plan(Outcome.UNCHANGED, (SaveConfiguration(),))
