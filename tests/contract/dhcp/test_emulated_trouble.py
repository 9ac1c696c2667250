"""What only an emulator can be told: budgets counted, servers that fail, configurations of all kinds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import trustme

from events.errors import Retry, Unreachable
from events.types import Outcome
from kea_sync.handler import check_address, reserve_address
from kea_sync.handler.acts import AddReservation, Store
from kea_sync.handler.values import Reserved
from tests.contract.dhcp.emulated import counts, emulated, fault, reset_counts
from tests.contract.dhcp.subject import ProcessDied, Subject
from tests.contract.dhcp.test_dhcp import ADDRESS, OURS, recorded
from tests.unit.kea_sync.events import MAC, question

Start = Callable[..., Subject]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts one server, `kea-a`, with a hosts database and a changed configuration."""
    with ExitStack() as stack:

        def started(**details: Any) -> Subject:
            entry = emulated("kea-a", tmp_path, **{"hosts": tmp_path / "hosts.sqlite"} | details)
            return Subject(stack.enter_context(entry))

        yield started


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
