"""The story of one reservation over all DHCP servers."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest

from events.errors import Refuse, Retry
from events.types import Outcome, Reservation, SkippedStep
from events.verdicts import Would
from kea_sync.handler import check_address, reserve_address
from kea_sync.handler.acts import Act, DeleteReservation, Store
from kea_sync.handler.port import OvertakenError
from kea_sync.handler.values import Configuration, Lease, Reserved, Subnet
from tests.unit.kea_sync.events import ADDRESS, MAC, OLD_MAC, PLACE, STRANGER, credentials_stored, question
from tests.unit.kea_sync.fake import (
    CONFIGURATION,
    OTHER_SUBNET,
    SUBNET,
    FakeServer,
    FakeServers,
    Patience,
    ProcessDied,
    lease,
    reserved,
)


async def test_a_new_bmc_is_reserved_on_every_server_that_serves_its_address() -> None:
    elsewhere = FakeServer("kea-c", Configuration(subnets=(OTHER_SUBNET,)))
    dhcp = FakeServers(FakeServer("kea-a"), elsewhere, FakeServer("kea-b"))

    done = await reserve_address(credentials_stored(), dhcp)

    assert [server.reservations for server in dhcp.servers] == [[reserved()], [], [reserved()]]
    assert done.outcome is Outcome.CREATED
    assert done.reason == f"10.0.7.31 for {MAC} on kea-a, kea-b"
    assert done.reservations == (
        Reservation(dhcp_server="kea-a", subnet_id=7),
        Reservation(dhcp_server="kea-b", subnet_id=7),
    )


async def test_what_earlier_steps_said_is_carried_on() -> None:
    event = credentials_stored(warnings=("a warning",), skipped=(SkippedStep(step="x", reason="y"),))

    done = await reserve_address(event, FakeServers(FakeServer()))

    told = {"outcome", "reason", "reservations"}
    assert done.model_dump(exclude=told) == event.model_dump(exclude=told)


async def test_without_an_address_the_step_is_skipped_and_says_so() -> None:
    done = await reserve_address(credentials_stored(bmc_ip=None), FakeServers(FakeServer(down=True)))

    assert done.outcome is Outcome.SKIPPED
    assert done.skipped == (SkippedStep(step="kea_sync", reason=done.reason),)
    assert done.reservations == ()


async def test_a_skipped_step_keeps_those_that_were_skipped_before_it() -> None:
    earlier = SkippedStep(step="netbox_sync", reason="no rack")

    done = await reserve_address(credentials_stored(bmc_ip=None, skipped=(earlier,)), FakeServers())

    assert done.skipped == (earlier, SkippedStep(step="kea_sync", reason=done.reason))


async def test_a_repeat_does_nothing() -> None:
    dhcp = FakeServers(FakeServer("kea-a"), FakeServer("kea-b"))
    await reserve_address(credentials_stored(), dhcp)
    acts = [list(server.acts) for server in dhcp.servers]

    done = await reserve_address(credentials_stored(), dhcp)

    assert done.outcome is Outcome.UNCHANGED
    assert [server.acts for server in dhcp.servers] == acts


async def test_a_server_that_is_down_stops_no_other_and_is_named() -> None:
    dhcp = FakeServers(FakeServer("kea-a", down=True), FakeServer("kea-b"))

    with pytest.raises(Retry, match="kea-a does not answer; settled on kea-b") as delayed:
        await reserve_address(credentials_stored(), dhcp)

    assert delayed.value.backend == "kea-a"
    assert dhcp.servers[1].reservations == [reserved()]


async def test_a_server_that_is_down_may_be_the_one_that_serves_the_address() -> None:
    dhcp = FakeServers(FakeServer(down=True), FakeServer("kea-c", Configuration(subnets=(OTHER_SUBNET,))))

    with pytest.raises(Retry, match="kea-a does not answer"):
        await reserve_address(credentials_stored(), dhcp)


@pytest.mark.parametrize("cached", [None, CONFIGURATION])
async def test_a_dead_server_that_is_tied_to_other_prefixes_only_earns_a_warning(
    cached: Configuration | None,
) -> None:
    dead = FakeServer("kea-c", prefixes=(OTHER_SUBNET.prefix,), down=True, cached=cached)

    done = await reserve_address(credentials_stored(), FakeServers(FakeServer(), dead))

    assert done.outcome is Outcome.CREATED
    assert done.warnings == ("kea-c does not answer: what stood there stays",)


async def test_a_server_that_is_tied_to_other_prefixes_is_not_written_to() -> None:
    tied = FakeServer("kea-c", prefixes=(OTHER_SUBNET.prefix,))

    await reserve_address(credentials_stored(), FakeServers(FakeServer(), tied))

    assert tied.reservations == []


async def test_a_server_that_is_tied_to_a_prefix_of_the_address_serves_it() -> None:
    tied = FakeServer(prefixes=(OTHER_SUBNET.prefix, SUBNET.prefix))

    await reserve_address(credentials_stored(), FakeServers(tied))

    assert tied.reservations == [reserved()]


async def test_of_two_subnets_that_hold_the_address_the_narrower_is_the_one() -> None:
    around = [
        Subnet(number, IPv4Network(prefix)) for number, prefix in ((1, "10.0.0.0/16"), (9, "10.0.0.0/8"))
    ]
    server = FakeServer(running=Configuration(subnets=(around[0], SUBNET, around[1])))

    done = await reserve_address(credentials_stored(), FakeServers(server))

    assert done.reservations[0].subnet_id == SUBNET.id


async def test_the_subnet_that_an_operator_has_set_is_the_one() -> None:
    twin = replace(SUBNET, id=70)
    server = FakeServer(running=Configuration(subnets=(SUBNET, twin)), subnet_id=70)

    done = await reserve_address(credentials_stored(), FakeServers(server))

    assert done.reservations[0].subnet_id == 70


async def test_an_address_that_no_server_serves_is_refused_naming_the_subnets() -> None:
    servers = FakeServers(FakeServer(), FakeServer("kea-b", prefixes=(IPv4Network("10.1.0.0/16"),)))

    with pytest.raises(Refuse) as refused:
        await reserve_address(credentials_stored(bmc_ip="10.9.9.9"), servers)

    subnets = "subnet 7 (10.0.7.0/24), subnet 8 (10.0.8.0/24)"
    ties = f"kea-a has {subnets}; kea-b has {subnets}, and is tied to 10.1.0.0/16"
    assert refused.value.reason == f"no DHCP server serves 10.9.9.9: {ties}"
    assert refused.value.culprit == "10.9.9.9"


async def test_an_ipv6_address_is_refused() -> None:
    with pytest.raises(Refuse, match="IPv6") as refused:
        await reserve_address(credentials_stored(bmc_ip="2001:db8::1"), FakeServers(FakeServer()))
    assert refused.value.culprit == "2001:db8::1"


@pytest.mark.parametrize("hook", ["host_cmds", "lease_cmds"])
async def test_a_missing_hook_library_is_refused_naming_it(hook: str) -> None:
    server = FakeServer(running=replace(CONFIGURATION, hooks=CONFIGURATION.hooks - {hook}))

    with pytest.raises(Refuse, match=f"kea-a does not load the hook library {hook}") as refused:
        await reserve_address(credentials_stored(), FakeServers(server))
    assert refused.value.culprit == hook


async def test_a_server_without_hooks_that_does_not_serve_the_address_is_no_matter() -> None:
    bare = FakeServer("kea-c", Configuration(subnets=(OTHER_SUBNET,), hooks=frozenset()))
    replacing = FakeServer(reservations=[reserved(mac=OLD_MAC)])

    done = await reserve_address(credentials_stored(), FakeServers(replacing, bare))

    assert done.outcome is Outcome.CHANGED


async def test_an_old_configuration_is_read_afresh_before_anything_is_refused() -> None:
    server = FakeServer(cached=Configuration(subnets=(OTHER_SUBNET,)))

    done = await reserve_address(credentials_stored(), FakeServers(server))

    assert done.outcome is Outcome.CREATED


async def test_a_replaced_bmc_replaces_the_reservation_and_its_lease_on_every_server() -> None:
    old = reserved(mac=OLD_MAC)
    dhcp = FakeServers(
        *(FakeServer(name, reservations=[old], leases=[lease(OLD_MAC)]) for name in ("kea-a", "kea-b"))
    )

    done = await reserve_address(credentials_stored(), dhcp)

    assert done.outcome is Outcome.CHANGED
    assert [(server.reservations, server.leases) for server in dhcp.servers] == [([reserved()], [])] * 2


async def test_the_lease_that_a_replaced_bmc_has_on_another_address_goes_too() -> None:
    server = FakeServer(reservations=[reserved(mac=OLD_MAC)], leases=[lease(OLD_MAC, "10.0.7.200")])

    await reserve_address(credentials_stored(), FakeServers(server))

    assert server.leases == []


async def test_the_bmcs_own_lease_of_its_new_address_is_kept_on_every_server() -> None:
    moved = FakeServer("kea-a", reservations=[reserved(address="10.0.7.99")])
    holds_it = FakeServer("kea-b", leases=[lease(MAC)])

    await reserve_address(credentials_stored(), FakeServers(moved, holds_it))

    assert holds_it.leases == [lease(MAC)]


async def test_an_old_reservation_that_is_known_by_no_mac_is_replaced() -> None:
    by_client_id = replace(reserved(), identifier_type="client-id", identifier="01aabb")
    dhcp = FakeServers(FakeServer("kea-a", reservations=[by_client_id]), FakeServer("kea-b"))

    await reserve_address(credentials_stored(), dhcp)

    assert [server.reservations for server in dhcp.servers] == [[reserved()]] * 2


async def test_a_new_address_removes_the_old_reservation_where_it_is_no_longer_served() -> None:
    old = reserved(address="10.0.8.31", subnet_id=8)
    left = FakeServer("kea-c", Configuration(subnets=(OTHER_SUBNET,)), reservations=[old])

    done = await reserve_address(credentials_stored(), FakeServers(left, FakeServer()))

    assert done.outcome is Outcome.CHANGED
    assert left.reservations == []


async def test_nothing_old_is_removed_elsewhere_before_the_new_address_is_known_to_be_free() -> None:
    old = reserved(address="10.0.8.31", subnet_id=8)
    left = FakeServer("kea-c", Configuration(subnets=(OTHER_SUBNET,)), reservations=[old])
    taken = FakeServer(reservations=[reserved("printer", STRANGER)])

    with pytest.raises(Refuse, match="printer"):
        await reserve_address(credentials_stored(), FakeServers(left, taken))

    assert left.reservations == [old]


async def test_a_partner_that_goes_down_does_not_stop_the_replacement() -> None:
    class Dying(FakeServer):
        async def leases_of(self, mac: str) -> list[Lease]:
            self.down = True
            return await super().leases_of(mac)

    server = FakeServer(reservations=[reserved(mac=OLD_MAC)])

    with pytest.raises(Retry, match="kea-b does not answer; settled on kea-a"):
        await reserve_address(credentials_stored(), FakeServers(server, Dying("kea-b")))

    assert server.reservations == [reserved()]


async def test_the_second_of_a_pair_that_shares_a_database_finds_it_there() -> None:
    shared: list[Reserved] = []
    dhcp = FakeServers(FakeServer("kea-a", reservations=shared), FakeServer("kea-b", reservations=shared))

    done = await reserve_address(credentials_stored(), dhcp)

    assert (done.outcome, len(done.reservations)) == (Outcome.CREATED, 2)
    assert dhcp.servers[1].acts == []


async def test_a_race_for_the_same_reservation_is_read_again_and_not_refused() -> None:
    server = FakeServer(reservations=[reserved()], blind=True)

    done = await reserve_address(credentials_stored(), FakeServers(server))

    assert done.outcome is Outcome.UNCHANGED


async def test_a_new_bmcs_address_that_another_has_is_refused_when_the_add_tells() -> None:
    server = FakeServer(reservations=[reserved("printer", STRANGER)])

    with pytest.raises(Refuse, match=f"printer, {STRANGER}"):
        await reserve_address(credentials_stored(), FakeServers(server))


@pytest.mark.parametrize(
    "running",
    [
        replace(CONFIGURATION, unique_addresses=False),
        replace(CONFIGURATION, in_file=frozenset({IPv4Address(ADDRESS)})),
    ],
)
async def test_who_holds_the_address_is_looked_up_where_the_add_would_not_tell(
    running: Configuration,
) -> None:
    holder = reserved("printer", STRANGER, subnet_id=0)
    server = FakeServer(running=running, reservations=[holder])

    with pytest.raises(Refuse, match="printer"):
        await reserve_address(credentials_stored(), FakeServers(server))


async def test_an_old_reservation_is_not_given_up_for_an_address_that_another_has() -> None:
    old = reserved(address="10.0.7.99")
    server = FakeServer(reservations=[old, reserved("printer", STRANGER)])

    with pytest.raises(Refuse, match="printer"):
        await reserve_address(credentials_stored(), FakeServers(server))

    assert old in server.reservations


async def test_ours_on_another_server_of_the_shared_database_does_not_say_that_the_address_is_ours() -> None:
    old, elsewhere = reserved(address="10.0.7.99"), reserved(subnet_id=99)
    server = FakeServer(reservations=[old, elsewhere, reserved("printer", STRANGER)])

    with pytest.raises(Refuse, match="printer"):
        await reserve_address(credentials_stored(), FakeServers(server))

    assert old in server.reservations


async def test_a_waiting_server_stops_no_other() -> None:
    held = FakeServer("kea-a", leases=[lease(STRANGER)])
    free = FakeServer("kea-b")

    with pytest.raises(Retry, match=f"leased on kea-a to {STRANGER}"):
        await reserve_address(credentials_stored(), FakeServers(held, free))

    assert free.reservations == [reserved()]
    assert (held.reservations, held.leases) == ([], [lease(STRANGER)])


async def test_servers_that_are_both_down_keep_nobody_waiting_for_one_of_them() -> None:
    dhcp = FakeServers(FakeServer("kea-b", down=True), FakeServer("kea-a", down=True))

    with pytest.raises(Retry, match="kea-b does not answer; kea-a does not answer") as delayed:
        await reserve_address(credentials_stored(), dhcp)

    assert delayed.value.backend is None


async def test_a_lease_that_runs_out_is_not_kept_waiting_for_a_server_that_is_down() -> None:
    dhcp = FakeServers(FakeServer("kea-b", down=True), FakeServer("kea-a", leases=[lease(STRANGER)]))

    with pytest.raises(Retry, match=f"kea-b does not answer; .*leased on kea-a to {STRANGER}") as delayed:
        await reserve_address(credentials_stored(), dhcp)

    assert delayed.value.backend is None


async def test_a_forced_lease_goes() -> None:
    server = FakeServer(leases=[lease(STRANGER)])

    await reserve_address(credentials_stored(), FakeServers(server), force=f"{STRANGER}@10.0.7.31")

    assert (server.reservations, server.leases) == ([reserved()], [])


@pytest.mark.parametrize(
    ("shared", "acts"), [*((True, acts) for acts in range(6)), *((False, acts) for acts in range(7))]
)
async def test_a_crash_before_any_act_is_mended_by_a_repeat(shared: bool, acts: int) -> None:
    patience, old = Patience(acts), [reserved(mac=OLD_MAC)]
    dhcp = FakeServers(
        *(
            FakeServer(
                name,
                reservations=old if shared else list(old),
                leases=[lease(OLD_MAC), lease(MAC, "10.0.7.200")],
                patience=patience,
            )
            for name in ("kea-a", "kea-b")
        )
    )

    with pytest.raises(ProcessDied):
        await reserve_address(credentials_stored(), dhcp)
    patience.acts_left = 100
    await reserve_address(credentials_stored(), dhcp)

    assert [(server.reservations, server.leases) for server in dhcp.servers] == [([reserved()], [])] * 2


async def test_the_verdict_depends_on_netbox_while_the_address_is_undecided() -> None:
    verdict = await check_address(question(address=None, **PLACE), FakeServers(FakeServer(down=True)))

    assert (verdict.would, verdict.reason) == (Would.DEPENDS, "depends on netbox_sync")


@pytest.mark.parametrize("left_out", PLACE)
async def test_the_verdict_waits_for_no_address_where_netbox_is_skipped(left_out: str) -> None:
    place = {name: value for name, value in PLACE.items() if name != left_out}
    verdict = await check_address(question(address=None, **place), FakeServers(FakeServer(down=True)))

    assert (verdict.would, verdict.reason) == (Would.SKIP, "the BMC has no address to reserve")


@pytest.mark.parametrize(
    ("held", "would"),
    [
        ([], Would.CREATE),
        ([reserved()], Would.NOTHING),
        ([reserved(mac=OLD_MAC)], Would.CHANGE),
    ],
)
async def test_the_verdict_says_what_would_be_done_and_does_nothing(
    held: list[Reserved], would: Would
) -> None:
    server = FakeServer(reservations=list(held))

    verdict = await check_address(question(), FakeServers(server))

    assert verdict.would is would
    assert server.acts == []


async def test_the_verdict_names_each_difference_and_what_is_replaced() -> None:
    server = FakeServer(reservations=[reserved(mac=OLD_MAC)], leases=[lease(OLD_MAC)])

    verdict = await check_address(question(), FakeServers(server))

    assert verdict.reason.startswith("replaces its old reservation")
    assert verdict.changes == (
        f"kea-a deletes the lease of 10.0.7.31 to {OLD_MAC} (printer) until 2100-01-02 03:04:05 UTC",
        f"kea-a takes away the reservation dcoa-rb06u31-bmc, {OLD_MAC}, 10.0.7.31",
        f"kea-a reserves 10.0.7.31 for {MAC}",
    )


async def test_a_verdict_that_replaces_nothing_does_not_say_so() -> None:
    verdict = await check_address(question(), FakeServers(FakeServer()))

    assert verdict.reason == f"10.0.7.31 for {MAC} on kea-a"


async def test_saving_memory_once_more_is_no_difference_in_the_verdict() -> None:
    running = replace(CONFIGURATION, has_database=False)
    server = FakeServer(running=running, without_database=Store.MEMORY, reservations=[reserved()])

    verdict = await check_address(question(), FakeServers(server))

    assert (verdict.would, verdict.changes) == (Would.NOTHING, ())


async def test_the_verdict_knows_who_has_the_address() -> None:
    server = FakeServer(reservations=[reserved("printer", STRANGER)])

    with pytest.raises(Refuse, match="printer"):
        await check_address(question(), FakeServers(server))


class ReplacedWhileItIsRead(FakeServer):
    """Another process replaces the reservation between two reads; a deletion is by client, as Kea's is."""

    async def named(self, hostname: str) -> list[Reserved]:
        found = await super().named(hostname)
        self.reservations = [reserved()]
        return found

    async def apply(self, act: Act) -> None:
        if isinstance(act, DeleteReservation):
            client = act.reserved.identifier
            self.reservations = [held for held in self.reservations if held.identifier != client]
        else:
            await super().apply(act)


async def test_what_another_process_reserved_while_it_was_read_is_not_taken_away() -> None:
    server = ReplacedWhileItIsRead(reservations=[reserved(address="10.0.7.99")])

    await reserve_address(credentials_stored(), FakeServers(server))

    assert server.reservations == [reserved()]


async def test_a_client_that_is_shown_twice_to_the_end_is_dealt_with_as_it_is_shown() -> None:
    server = FakeServer(reservations=[reserved(address="10.0.7.99"), reserved()])

    await reserve_address(credentials_stored(), FakeServers(server))

    assert server.reservations == [reserved()]


class Contradicting(FakeServer):
    """Refuses every act as overtaken, and shows that nothing is in its way."""

    async def apply(self, act: Act) -> None:
        raise OvertakenError("duplicate")


async def test_a_server_that_keeps_contradicting_itself_is_refused_by_name() -> None:
    with pytest.raises(Refuse, match="kea-a keeps contradicting what it shows: duplicate") as refused:
        await reserve_address(credentials_stored(), FakeServers(Contradicting()))
    assert refused.value.culprit == "kea-a"
