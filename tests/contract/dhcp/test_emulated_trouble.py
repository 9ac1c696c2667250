"""What only an emulator can be told: budgets counted, servers that fail, configurations of all kinds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import trustme

from events.errors import Refuse, Retry, Unreachable
from events.types import Outcome
from kea_sync.handler import check_address, reserve_address
from kea_sync.handler.acts import AddReservation, Store
from kea_sync.handler.values import Reserved
from tests.contract.dhcp.emulated import counts, emulated, fault, reset_counts
from tests.contract.dhcp.subject import Json, ProcessDied, Subject
from tests.contract.dhcp.test_dhcp import ADDRESS, OURS, recorded
from tests.unit.kea_sync.events import MAC, STRANGER, question

Start = Callable[..., Subject]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts one server, `kea-a`, with a hosts database and a changed configuration."""
    with ExitStack() as stack:

        def started(**details: Any) -> Subject:
            entry = emulated("kea-a", tmp_path, **{"hosts": tmp_path / "hosts.json"} | details)
            return Subject(stack.enter_context(entry))

        yield started


def subnets(dhcp4: Json) -> list[Json]:
    found: list[Json] = dhcp4["shared-networks"][0]["subnet4"]
    return found


@pytest.mark.parametrize("shared", [True, False])
async def test_a_new_bmc_costs_five_requests_a_server_and_a_repeat_no_write(
    tmp_path: Path, shared: bool
) -> None:
    with ExitStack() as stack:
        hosts = [tmp_path / ("hosts" if shared else name) for name in ("kea-a", "kea-b")]
        servers = [
            stack.enter_context(emulated(name, tmp_path, hosts=file))
            for name, file in zip(("kea-a", "kea-b"), hosts, strict=True)
        ]
        port = Subject(*servers).port()
        await check_address(question("10.16.28.99"), port)
        for server in servers:
            reset_counts(server)

        await reserve_address(recorded(), port)
        first = [counts(server) for server in servers]
        await reserve_address(recorded(), port)

        assert first == [(4, 1), (4, 0 if shared else 1)]
        assert [counts(server) for server in servers] == [(8, writes) for _, writes in first]


async def test_a_configuration_is_read_again_when_it_is_too_old(start: Start) -> None:
    kea = start()
    port = kea.port(kea_config_ttl=0)

    await reserve_address(recorded(), port)
    reads, _ = counts(kea.servers[0])
    await reserve_address(recorded(), port)

    assert counts(kea.servers[0])[0] - reads == 5


def set_everywhere(flag: str, value: bool, level: str, dhcp4: Json) -> None:
    subnet, network = subnets(dhcp4)[0], dhcp4["shared-networks"][0]
    places = {"global": dhcp4, "shared network": network, "subnet": subnet}
    places[level][flag] = value
    subnet["pools"] = [{"pool": "10.16.28.10 - 10.16.28.50"}]


@pytest.mark.parametrize("level", ["global", "shared network", "subnet"])
@pytest.mark.parametrize(
    ("flag", "value"), [("reservations-in-subnet", False), ("reservations-out-of-pool", True)]
)
async def test_a_flag_that_voids_the_reservation_is_refused_wherever_it_is_set(
    start: Start, flag: str, value: bool, level: str
) -> None:
    kea = start(change=partial(set_everywhere, flag, value, level))

    with pytest.raises(Refuse, match=flag):
        await reserve_address(recorded(), kea.port())

    assert kea.reservations(0) == []


async def test_a_subnets_own_flag_wins_over_the_global_one(start: Start) -> None:
    def change(dhcp4: Json) -> None:
        dhcp4["reservations-in-subnet"] = False
        subnets(dhcp4)[0]["reservations-in-subnet"] = True

    done = await reserve_address(recorded(), start(change=change).port())

    assert done.outcome is Outcome.CREATED


@pytest.mark.parametrize("hook", ["host_cmds", "lease_cmds"])
async def test_a_missing_hook_library_is_refused_naming_it(start: Start, hook: str) -> None:
    def change(dhcp4: Json) -> None:
        hooks = dhcp4["hooks-libraries"]
        dhcp4["hooks-libraries"] = [one for one in hooks if hook not in one["library"]]

    with pytest.raises(Refuse, match=hook):
        await reserve_address(recorded(), start(change=change).port())


def reserve_in_file(hostname: str, mac: str, dhcp4: Json) -> None:
    subnets(dhcp4)[0]["reservations"] = [{"hw-address": mac, "ip-address": ADDRESS, "hostname": hostname}]


async def test_an_address_that_the_configuration_file_reserves_is_refused_naming_the_holder(
    start: Start,
) -> None:
    kea = start(change=partial(reserve_in_file, "printer", STRANGER))

    with pytest.raises(Refuse, match=f"printer, {STRANGER}"):
        await reserve_address(recorded(), kea.port())


async def test_our_old_reservation_in_the_configuration_file_is_refused_for_it_can_not_be_removed(
    start: Start,
) -> None:
    kea = start(change=partial(reserve_in_file, "", MAC))

    with pytest.raises(Refuse, match="is not in its database"):
        await reserve_address(recorded(), kea.port())


async def test_the_reservation_in_memory_is_there_after_a_restart(tmp_path: Path) -> None:
    with emulated("kea-a", tmp_path) as server:
        await reserve_address(recorded(), Subject({**server, "store": "memory"}).port())

    with emulated("kea-a", tmp_path) as server:
        assert Subject(server).reservations(0) == [OURS]


async def test_a_process_that_dies_before_the_configuration_is_written_leaves_what_a_repeat_mends(
    tmp_path: Path,
) -> None:
    with emulated("kea-a", tmp_path) as server:
        kea = Subject({**server, "store": "memory"})
        with pytest.raises(ProcessDied):
            await reserve_address(recorded(), kea.port_that_dies(after=1))
        await reserve_address(recorded(), kea.port())

    with emulated("kea-a", tmp_path) as server:
        assert Subject(server).reservations(0) == [OURS]


async def test_a_reservation_whose_answer_never_came_is_found_there(start: Start) -> None:
    kea = start()
    ours = Reserved(1, "hw-address", MAC, IPv4Address(ADDRESS), "dcoa-rb06u31-bmc")

    with fault(kea.servers[0], "drop"), pytest.raises(Unreachable):
        await kea.port().servers[0].apply(AddReservation(ours, Store.DATABASE))
    done = await reserve_address(recorded(), kea.port())

    assert done.outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("action", "details"),
    [("error", {"status": 503}), ("slow", {"seconds": 0.5, "times": 1}), ("drop", {})],
)
async def test_a_server_that_fails_is_unreachable_and_named(
    start: Start, action: str, details: dict[str, Any]
) -> None:
    kea = start()

    with fault(kea.servers[0], action, **details), pytest.raises(Unreachable, match="kea-a does not answer"):
        await kea.port(kea_read_timeout=0.2).servers[0].configuration()


async def test_what_is_no_kea_waits_naming_the_server(start: Start) -> None:
    kea = start()

    with (
        fault(kea.servers[0], "error", status=200, body="<html>"),
        pytest.raises(Retry, match="kea-a does not answer as Kea does"),
    ):
        await reserve_address(recorded(), kea.port())


async def test_an_agent_whose_server_is_down_is_unreachable(start: Start) -> None:
    text = "unable to forward command to the dhcp4 service: Connection refused."
    body = f'[{{"result": 1, "text": "{text}"}}]'
    kea = start()

    with fault(kea.servers[0], "error", status=200, body=body), pytest.raises(Unreachable, match="forward"):
        await kea.port().servers[0].configuration()


async def test_trouble_in_keas_database_waits_in_keas_own_words(start: Start) -> None:
    body = '[{"result": 1, "text": "no connection to the server"}]'
    kea = start()

    with (
        fault(kea.servers[0], "error", status=200, body=body),
        pytest.raises(Retry, match="kea-a answers: no connection to the server"),
    ):
        await kea.port().servers[0].named("x")


async def test_the_service_is_not_ready_while_a_server_does_not_answer(start: Start) -> None:
    kea = start()
    port = kea.port()
    await port.ready()

    with fault(kea.servers[0], "error"), pytest.raises(Retry, match="kea-a does not answer"):
        await port.ready()


async def test_no_proxy_of_the_environment_stands_between(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")

    await start().port().servers[0].ping()


class TestOverTls:
    """A server with a certificate."""

    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def kea(self, authority: trustme.CA, start: Start, tmp_path: Path) -> Subject:
        certificate = authority.issue_cert("localhost")
        file = tmp_path / "server.pem"
        certificate.private_key_and_cert_chain_pem.write_to_path(file)
        return start(ssl_certfile=file)

    async def test_the_ca_bundle_vouches_for_it(
        self, authority: trustme.CA, kea: Subject, tmp_path: Path
    ) -> None:
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")

        await kea.port({"ca_file": tmp_path / "ca.pem"}).servers[0].ping()

    async def test_without_it_nothing_is_sent(self, kea: Subject) -> None:
        with pytest.raises(Unreachable, match="kea-a does not answer"):
            await kea.port().servers[0].ping()
