"""What kea_sync does to Kea servers, whoever answers: the emulator or the real one."""

import pytest

from events.errors import Refuse, Retry
from events.types import CredentialsStored, Outcome
from events.verdicts import Would
from kea_sync.handler import check_address, reserve_address
from tests.contract.dhcp.subject import ProcessDied, Subject
from tests.unit.kea_sync.events import MAC, OLD_MAC, STRANGER, credentials_stored, question

HOSTNAME = "dcoa-rb06u31-bmc"
ADDRESS, STRAY, NEXT_ADDRESS = "10.16.28.31", "10.16.28.205", "10.16.29.31"
OURS = (HOSTNAME, MAC, ADDRESS)


def recorded(address: str = ADDRESS, mac: str = MAC) -> CredentialsStored:
    return credentials_stored(bmc_ip=address, mac=mac)


def everywhere(subject: Subject) -> list[list[tuple[str, str, str]]]:
    return [subject.reservations(index) for index in range(len(subject.servers))]


async def test_a_new_bmc_is_reserved_on_every_server(kea: Subject) -> None:
    done = await reserve_address(recorded(), kea.port())

    assert done.outcome is Outcome.CREATED
    assert everywhere(kea) == [[OURS]] * len(kea.servers)
    assert [(r.dhcp_server, r.subnet_id) for r in done.reservations] == [(s["name"], 1) for s in kea.servers]


async def test_a_repeat_finds_it_there(kea: Subject) -> None:
    await reserve_address(recorded(), kea.port())

    done = await reserve_address(recorded(), kea.port())

    assert done.outcome is Outcome.UNCHANGED
    assert everywhere(kea) == [[OURS]] * len(kea.servers)


async def test_a_replaced_bmc_takes_over_reservation_and_address_on_every_server(kea: Subject) -> None:
    await reserve_address(recorded(mac=OLD_MAC), kea.port())
    for index in range(len(kea.servers)):
        kea.lease(index, OLD_MAC, ADDRESS)

    done = await reserve_address(recorded(), kea.port())

    assert done.outcome is Outcome.CHANGED
    assert everywhere(kea) == [[OURS]] * len(kea.servers)
    assert [kea.leases(index) for index in range(len(kea.servers))] == [[]] * len(kea.servers)


async def test_a_new_address_in_another_subnet_takes_the_old_ones_place(kea: Subject) -> None:
    await reserve_address(recorded(), kea.port())

    done = await reserve_address(recorded(NEXT_ADDRESS), kea.port())

    assert done.outcome is Outcome.CHANGED
    assert everywhere(kea) == [[(HOSTNAME, MAC, NEXT_ADDRESS)]] * len(kea.servers)


async def test_a_new_address_in_the_same_subnet_takes_the_old_ones_place(kea: Subject) -> None:
    await reserve_address(recorded("10.16.28.32"), kea.port())

    await reserve_address(recorded(), kea.port())

    assert everywhere(kea) == [[OURS]] * len(kea.servers)


async def test_the_lease_that_the_bmc_got_before_is_deleted(kea: Subject) -> None:
    kea.lease(0, MAC, STRAY)
    kea.lease(0, STRANGER, "10.16.28.206")

    await reserve_address(recorded(), kea.port())

    assert kea.leases(0) == [(STRANGER, "10.16.28.206")]


async def test_the_bmcs_own_lease_of_its_address_is_kept(kea: Subject) -> None:
    kea.lease(0, MAC, ADDRESS)

    await reserve_address(recorded(), kea.port())

    assert kea.leases(0) == [(MAC, ADDRESS)]


async def test_anothers_live_lease_waits_and_is_not_deleted(kea: Subject) -> None:
    kea.lease(0, STRANGER, ADDRESS)

    with pytest.raises(Retry, match=rf"{STRANGER} \(printer\) until 20"):
        await reserve_address(recorded(), kea.port())

    assert kea.leases(0) == [(STRANGER, ADDRESS)]


async def test_anothers_live_lease_is_deleted_when_an_operator_forces_it(kea: Subject) -> None:
    kea.lease(0, STRANGER, ADDRESS)

    await reserve_address(recorded(), kea.port(), force=f"{STRANGER}@{ADDRESS}")

    assert kea.leases(0) == []
    assert everywhere(kea) == [[OURS]] * len(kea.servers)


async def test_our_mac_under_another_hostname_is_refused_naming_it(kea: Subject) -> None:
    kea.reserve(0, "printer", MAC, NEXT_ADDRESS)

    with pytest.raises(Refuse, match="printer"):
        await reserve_address(recorded(), kea.port())


async def test_our_mac_without_a_hostname_is_ours(kea: Subject) -> None:
    kea.reserve(0, "", MAC, STRAY)

    await reserve_address(recorded(), kea.port())

    assert everywhere(kea) == [[OURS]] * len(kea.servers)


async def test_an_address_that_another_has_is_refused_naming_hostname_and_mac(kea: Subject) -> None:
    kea.reserve(0, "printer", STRANGER, ADDRESS)

    with pytest.raises(Refuse, match=f"printer, {STRANGER}, {ADDRESS}"):
        await reserve_address(recorded(), kea.port())


async def test_an_address_that_no_server_serves_is_refused_naming_the_subnets(kea: Subject) -> None:
    with pytest.raises(Refuse, match=r"subnet 1 \(10\.16\.28\.0/24\), subnet 2 \(10\.16\.29\.0/24\)"):
        await reserve_address(recorded("192.0.2.1"), kea.port())


async def test_the_verdict_writes_nothing(kea: Subject) -> None:
    verdict = await check_address(question(ADDRESS), kea.port())

    assert verdict.would is Would.CREATE
    assert everywhere(kea) == [[]] * len(kea.servers)


async def test_a_server_that_is_down_stops_no_other(pair: Subject) -> None:
    port = pair.port({"url": "http://127.0.0.1:9/"})

    with pytest.raises(Retry, match=f"{pair.servers[0]['name']} does not answer"):
        await reserve_address(recorded(), port)

    assert pair.reservations(1) == [OURS]


async def test_a_wrong_password_waits_naming_the_setting_and_not_the_password(kea: Subject) -> None:
    wrong = [{"password": "a-wrong-password"}] * len(kea.servers)

    with pytest.raises(Retry, match="ONRAMP_KEA_SERVERS") as delayed:
        await reserve_address(recorded(), kea.port(*wrong))

    assert "a-wrong-password" not in str(delayed.value)


@pytest.mark.parametrize("acts", range(7))
async def test_a_process_that_dies_between_any_two_acts_leaves_what_a_repeat_mends(
    pair: Subject, acts: int
) -> None:
    await reserve_address(recorded(mac=OLD_MAC), pair.port())
    for index in range(2):
        pair.lease(index, OLD_MAC, ADDRESS)
        pair.lease(index, MAC, STRAY)

    try:
        await reserve_address(recorded(), pair.port_that_dies(after=acts))
    except ProcessDied:
        await reserve_address(recorded(), pair.port())

    assert everywhere(pair) == [[OURS], [OURS]]
    assert [pair.leases(index) for index in range(2)] == [[], []]


async def test_without_a_database_the_configuration_is_written(memory: Subject) -> None:
    written = memory.ask(0, "config-write")["arguments"]["size"]

    await reserve_address(recorded(), memory.port())

    assert memory.ask(0, "config-write")["arguments"]["size"] > written


async def test_without_a_database_the_reservation_is_refused_unless_it_is_set(memory: Subject) -> None:
    with pytest.raises(Refuse, match="hosts-databases"):
        await reserve_address(recorded(), memory.port({"store": "database"}))
    assert memory.reservations(0) == []
