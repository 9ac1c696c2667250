"""The Kea emulator, asked over HTTP as a client of the real one asks."""

import json
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from onramp.sandbox.kea.__main__ import build, parser
from onramp.sandbox.kea.answers import KeaError
from onramp.sandbox.kea.hosts import Host
from onramp.sandbox.kea.table import HostTable

EXAMPLES = Path(__file__).parents[3] / "examples"
MAC, OTHER_MAC = "aa:bb:cc:00:00:01", "aa:bb:cc:00:00:02"
RESERVATION = {"subnet-id": 1, "hw-address": MAC, "ip-address": "10.16.28.31", "hostname": "srv1-bmc"}
LEASE = {"ip-address": "10.16.28.31", "hw-address": MAC, "hostname": "srv1-bmc"}


class Kea:
    """A client of one emulator."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def ask(self, command: str, arguments: object = None, **more: object) -> Any:
        """The only answer to a command."""
        body = {"command": command, **more} | ({} if arguments is None else {"arguments": arguments})
        [answer] = self.http.post("/", json=body).raise_for_status().json()
        return answer

    def said(self, command: str, arguments: object = None, **more: object) -> tuple[int, str]:
        """The result and the text of the only answer."""
        answer = self.ask(command, arguments, **more)
        return answer["result"], answer["text"]


Start = Callable[..., Kea]


@contextmanager
def running(*flags: object) -> Iterator[Kea]:
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app = build(parser().parse_args(["--port", str(port), *map(str, flags)]))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
            yield Kea(http)
    finally:
        server.should_exit = True
        thread.join()


class KilledBeforeInsert(HostTable):
    """A hosts database whose process is killed in the middle of a change."""

    def _insert(self, host: Host) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


def killed_update(hosts: Path, reservation: dict[str, object]) -> None:
    KilledBeforeInsert(True, hosts).update(Host.parse(reservation))


@pytest.fixture
def start() -> Iterator[Start]:
    with ExitStack() as stack:
        yield lambda *flags: stack.enter_context(running(*flags))


@pytest.fixture
def kea(start: Start) -> Kea:
    return start("--config", EXAMPLES / "kea-a.json")


def changed_config(tmp_path: Path, **changes: object) -> Path:
    """A small configuration, with parameters of its own; None takes one away."""
    dhcp4: dict[str, object] = {
        "hooks-libraries": [{"library": "/usr/lib/kea/hooks/libdhcp_host_cmds.so"}],
        "subnet4": [{"id": 1, "subnet": "10.16.28.0/24", "pools": [{"pool": "10.16.28.200 - 10.16.28.219"}]}],
    }
    file = tmp_path / "kea-dhcp4.json"
    file.write_text(json.dumps({"Dhcp4": {**dhcp4, **changes}}))
    return file


def test_a_reservation_is_found_by_address_client_and_hostname(kea: Kea) -> None:
    assert kea.said("reservation-add", {"reservation": RESERVATION}) == (0, "Host added.")
    by_address = kea.ask("reservation-get", {"subnet-id": 1, "ip-address": "10.16.28.31"})
    by_client = {"subnet-id": 1, "identifier-type": "hw-address", "identifier": MAC.upper()}
    by_hostname = kea.ask("reservation-get-by-hostname", {"hostname": "SRV1-bmc"})
    assert by_address["arguments"].items() >= RESERVATION.items()
    assert kea.ask("reservation-get", by_client) == by_address
    assert by_hostname["arguments"] == {"hosts": [by_address["arguments"]]}
    assert by_hostname["text"] == "1 IPv4 host(s) found."


def test_a_hostname_is_found_in_any_case_and_shown_as_it_was_given(kea: Kea) -> None:
    kea.ask("reservation-add", {"reservation": RESERVATION | {"hostname": "Srv1-BMC"}})
    [host] = kea.ask("reservation-get-by-hostname", {"hostname": "sRV1-bmc"})["arguments"]["hosts"]
    assert host["hostname"] == "Srv1-BMC"


def test_an_unknown_host_is_result_3(kea: Kea) -> None:
    nobody = {"subnet-id": 1, "ip-address": "10.16.28.99"}
    assert kea.said("reservation-get", nobody) == (3, "Host not found.")
    assert kea.said("reservation-del", nobody) == (3, "Host not deleted (not found).")
    assert kea.said("reservation-get-all", {"subnet-id": 1}) == (3, "0 IPv4 host(s) found.")


@pytest.mark.parametrize("taken", ["hw-address", "ip-address"])
def test_the_database_refuses_a_second_reservation_of_a_client_or_an_address(kea: Kea, taken: str) -> None:
    kea.ask("reservation-add", {"reservation": RESERVATION})
    other = {"subnet-id": 1, "hw-address": OTHER_MAC, "ip-address": "10.16.28.32"} | {
        taken: RESERVATION[taken]
    }
    assert kea.said("reservation-add", {"reservation": other}) == (1, "Database duplicate entry error")


def test_an_address_may_be_reserved_twice_where_the_configuration_lets_it(
    start: Start, tmp_path: Path
) -> None:
    config = changed_config(
        tmp_path, **{"ip-reservations-unique": False, "hosts-databases": [{"type": "postgresql"}]}
    )
    kea = start("--config", config)
    kea.ask("reservation-add", {"reservation": RESERVATION})
    other = RESERVATION | {"hw-address": OTHER_MAC}
    assert kea.ask("reservation-add", {"reservation": other})["result"] == 0


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"subnet-id": 77}, "IPv4 subnet with ID of '77' is not configured"),
        (
            {"ip-address": "10.9.9.9"},
            "specified reservation '10.9.9.9' is not matching the IPv4 subnet prefix '10.16.28.0/24'",
        ),
        ({"mac": MAC}, "unsupported configuration parameter 'mac' (:0:0)"),
        ({"hw-address": "rubbish"}, "invalid host identifier value 'rubbish' (:0:0)"),
    ],
)
def test_a_reservation_that_does_not_fit_is_refused(kea: Kea, change: dict[str, object], text: str) -> None:
    assert kea.said("reservation-add", {"reservation": RESERVATION | change}) == (1, text)


def test_an_update_replaces_the_clients_reservation_and_needs_one(kea: Kea) -> None:
    moved = {"reservation": RESERVATION | {"ip-address": "10.16.28.40"}}
    assert kea.said("reservation-update", moved) == (1, "Host not updated (not found).")
    kea.ask("reservation-add", {"reservation": RESERVATION})
    assert kea.said("reservation-update", moved) == (0, "Host updated.")
    listed = kea.ask("reservation-get-all", {"subnet-id": 1})["arguments"]["hosts"]
    assert [host["ip-address"] for host in listed] == ["10.16.28.40"]


def test_pages_lead_to_every_reservation(kea: Kea) -> None:
    for last in (31, 32, 33):
        host = {"subnet-id": 1, "hw-address": f"aa:bb:cc:00:00:{last}", "ip-address": f"10.16.28.{last}"}
        kea.ask("reservation-add", {"reservation": host})
    first = kea.ask("reservation-get-page", {"limit": 2})["arguments"]
    second = kea.ask("reservation-get-page", {"limit": 2, **first["next"]})["arguments"]
    assert [host["ip-address"] for host in first["hosts"] + second["hosts"]] == [
        "10.16.28.31",
        "10.16.28.32",
        "10.16.28.33",
    ]
    end = kea.ask("reservation-get-page", {"limit": 2, **second["next"]})
    assert (end["result"], end["arguments"]) == (3, {"hosts": [], "count": 0})


def test_a_page_shows_what_was_reserved_after_its_start_was_deleted(kea: Kea) -> None:
    kea.ask("reservation-add", {"reservation": RESERVATION})
    start = kea.ask("reservation-get-page", {"limit": 2})["arguments"]["next"]
    kea.ask("reservation-del", {"subnet-id": 1, "ip-address": "10.16.28.31"})
    kea.ask("reservation-add", {"reservation": RESERVATION})
    assert kea.ask("reservation-get-page", {"limit": 2, **start})["arguments"]["count"] == 1


def test_servers_that_share_a_hosts_database_see_each_others_reservations(
    start: Start, tmp_path: Path
) -> None:
    hosts = tmp_path / "hosts.sqlite"
    one, other = (start("--config", EXAMPLES / f"kea-{name}.json", "--hosts", hosts) for name in "ab")
    one.ask("reservation-add", {"reservation": RESERVATION})
    assert other.said("reservation-add", {"reservation": RESERVATION})[0] == 1
    assert other.said("reservation-del", {"subnet-id": 1, "ip-address": "10.16.28.31"})[0] == 0
    assert one.said("reservation-get", {"subnet-id": 1, "ip-address": "10.16.28.31"})[0] == 3


def test_servers_that_change_a_shared_hosts_database_at_once_lose_nothing(
    start: Start, tmp_path: Path
) -> None:
    hosts = tmp_path / "hosts.sqlite"
    servers = [start("--config", EXAMPLES / f"kea-{name}.json", "--hosts", hosts) for name in "ab"]

    def add(number: int) -> tuple[int, str]:
        reservation = {"subnet-id": 1, "hw-address": f"aa:bb:cc:00:00:{number:02x}"}
        return servers[number % 2].said("reservation-add", {"reservation": reservation})

    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(add, range(100))) == {(0, "Host added.")}
    assert len(servers[0].ask("reservation-get-all", {"subnet-id": 1})["arguments"]["hosts"]) == 100


def test_a_process_killed_during_an_update_leaves_the_old_reservation(start: Start, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.sqlite"
    kea = start("--config", EXAMPLES / "kea-a.json", "--hosts", hosts)
    kea.ask("reservation-add", {"reservation": RESERVATION})
    moved = RESERVATION | {"ip-address": "10.16.28.40"}
    killed = multiprocessing.get_context("spawn").Process(target=killed_update, args=(hosts, moved))
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    listed = kea.ask("reservation-get-all", {"subnet-id": 1})["arguments"]["hosts"]
    assert [host["ip-address"] for host in listed] == ["10.16.28.31"]
    assert kea.said("reservation-update", {"reservation": moved}) == (0, "Host updated.")


def test_a_file_that_is_no_hosts_database_stops_the_server_from_starting(tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.sqlite"
    hosts.write_text("rubbish" * 100)
    flags = ["--port", "1", "--config", str(EXAMPLES / "kea-a.json"), "--hosts", str(hosts)]
    with pytest.raises(KeaError, match=r"hosts\.sqlite: file is not a database"):
        build(parser().parse_args(flags))


def test_trouble_in_the_hosts_database_is_answered_in_its_own_words(start: Start, tmp_path: Path) -> None:
    hosts = tmp_path / "hosts.sqlite"
    kea = start("--config", EXAMPLES / "kea-a.json", "--hosts", hosts)
    hosts.write_text("rubbish" * 1000)
    assert kea.said("reservation-get-all", {"subnet-id": 1}) == (1, "file is not a database")


@pytest.mark.parametrize(
    ("target", "left"), [("database", ["10.16.28.31", "10.16.28.32"]), ("memory", ["10.16.28.32"])]
)
def test_a_failed_update_loses_the_old_reservation_in_memory_but_not_in_the_database(
    kea: Kea, target: str, left: list[str]
) -> None:
    other = {"subnet-id": 1, "hw-address": OTHER_MAC, "ip-address": "10.16.28.32"}
    for reservation in (RESERVATION, other):
        kea.ask("reservation-add", {"reservation": reservation, "operation-target": target})
    taken = {"reservation": RESERVATION | {"ip-address": "10.16.28.32"}, "operation-target": target}
    assert kea.ask("reservation-update", taken)["result"] == 1
    listed = kea.ask("reservation-get-all", {"subnet-id": 1})["arguments"]["hosts"]
    assert [host["ip-address"] for host in listed] == left


def test_without_a_hosts_database_an_add_must_name_memory(start: Start, tmp_path: Path) -> None:
    kea = start("--config", changed_config(tmp_path))
    refusal = (1, "Host database not available, cannot add host.")
    assert kea.said("reservation-add", {"reservation": RESERVATION}) == refusal
    memory = {"reservation": RESERVATION, "operation-target": "memory"}
    assert kea.said("reservation-add", memory) == (0, "Host added.")
    assert kea.said("reservation-add", memory) == (
        1,
        f"failed to add new host using the HW address '{MAC}' to the IPv4 subnet id '1' "
        "as this host has already been added",
    )


def test_only_config_write_carries_a_memory_reservation_over_a_restart(start: Start, tmp_path: Path) -> None:
    config = changed_config(tmp_path)
    wanted = {"subnet-id": 1, "ip-address": "10.16.28.31"}
    kea = start("--config", config)
    kea.ask("reservation-add", {"reservation": RESERVATION, "operation-target": "memory"})
    assert start("--config", config).said("reservation-get", wanted)[0] == 3
    assert kea.said("config-write") == (0, f"Configuration written to {config} successful")
    assert start("--config", config).said("reservation-get", wanted) == (0, "Host found.")


def test_a_duplicate_reservation_in_the_file_stops_the_server_from_starting(tmp_path: Path) -> None:
    reservations = [{"hw-address": MAC}, {"hw-address": MAC}]
    subnet = {"id": 1, "subnet": "10.16.28.0/24", "reservations": reservations}
    config = changed_config(tmp_path, subnet4=[subnet])
    with pytest.raises(KeaError, match="already been added"):
        build(parser().parse_args(["--port", "1", "--config", str(config)]))


def test_config_get_shows_subnets_in_shared_networks_and_the_flags_defaults(kea: Kea) -> None:
    dhcp4 = kea.ask("config-get")["arguments"]["Dhcp4"]
    subnets = dhcp4["shared-networks"][0]["subnet4"]
    assert [(subnet["id"], subnet["subnet"]) for subnet in subnets] == [
        (1, "10.16.28.0/24"),
        (2, "10.16.29.0/24"),
    ]
    assert subnets[0]["pools"][0]["pool"] == "10.16.28.200-10.16.28.219"
    assert (dhcp4["reservations-in-subnet"], dhcp4["reservations-out-of-pool"]) == (True, False)
    assert dhcp4["subnet4"] == []


def test_a_missing_hook_makes_its_commands_unsupported(start: Start, tmp_path: Path) -> None:
    kea = start("--config", changed_config(tmp_path, **{"hooks-libraries": []}))
    for command in ("reservation-add", "lease4-get", "nope"):
        assert kea.said(command, {}) == (2, f"'{command}' command not supported.")
        assert command not in kea.ask("list-commands")["arguments"]


def test_a_lease_is_found_by_address_mac_and_hostname_until_it_is_deleted(kea: Kea) -> None:
    assert kea.said("lease4-add", LEASE) == (0, "Lease for address 10.16.28.31, subnet-id 1 added.")
    lease = kea.ask("lease4-get", {"ip-address": "10.16.28.31"})["arguments"]
    assert lease.items() >= {**LEASE, "subnet-id": 1, "valid-lft": 3600, "state": 0}.items()
    for command, arguments in (
        ("lease4-get-by-hw-address", {"hw-address": MAC}),
        ("lease4-get-by-hostname", {"hostname": "srv1-bmc"}),
        ("lease4-get-all", {"subnets": [1]}),
    ):
        assert kea.ask(command, arguments)["arguments"]["leases"] == [lease]
    assert kea.said("lease4-del", {"ip-address": "10.16.28.31"}) == (0, "IPv4 lease deleted.")
    assert kea.said("lease4-del", {"ip-address": "10.16.28.31"}) == (3, "IPv4 lease not found.")
    assert kea.said("lease4-get", {"ip-address": "10.16.28.31"}) == (3, "Lease not found.")


def test_a_lease_that_exists_or_has_no_subnet_is_a_conflict(kea: Kea) -> None:
    kea.ask("lease4-add", LEASE)
    assert kea.said("lease4-add", LEASE) == (4, "IPv4 lease already exists.")
    assert kea.said("lease4-add", LEASE | {"ip-address": "10.9.9.9"})[0] == 4
    assert kea.said("lease4-update", LEASE | {"ip-address": "10.16.29.5"})[0] == 4


def test_a_wipe_ends_the_leases_of_one_subnet(kea: Kea) -> None:
    kea.ask("lease4-add", LEASE)
    kea.ask("lease4-add", LEASE | {"ip-address": "10.16.29.31"})
    assert kea.said("lease4-wipe", {"subnet-id": 1}) == (0, "Deleted 1 IPv4 lease(s) from subnet(s) 1")
    left = kea.ask("lease4-get-all")["arguments"]["leases"]
    assert [lease["ip-address"] for lease in left] == ["10.16.29.31"]


def test_the_control_agent_forwards_only_what_names_the_service(start: Start) -> None:
    agent = start("--config", EXAMPLES / "kea-a.json", "--control-agent")
    add = {"reservation": RESERVATION}
    assert agent.said("reservation-add", add, service=["dhcp4"]) == (0, "Host added.")
    result, text = agent.said("reservation-add", add)
    assert (result, 'did not include "service"' in text) == (2, True)
    assert "Dhcp4" not in agent.ask("config-get")["arguments"]
    unknown = (1, "forwarding socket is not configured for the server type dhcp6")
    assert agent.said("reservation-add", add, service=["dhcp6"]) == unknown


def test_a_wrong_password_is_answered_401(start: Start) -> None:
    flags = ("--user", "onramp", "--password", "right")
    kea = start("--config", EXAMPLES / "kea-a.json", *flags)
    refused = kea.http.post("/", json={"command": "config-get"}, auth=("onramp", "wrong"))
    assert refused.json() == {"result": 401, "text": "Unauthorized"}
    assert (refused.status_code, refused.headers["www-authenticate"]) == (
        401,
        'Basic realm="kea-dhcpv4-server"',
    )
    allowed = kea.http.post("/", json={"command": "config-get"}, auth=("onramp", "right"))
    assert allowed.status_code == 200


def test_only_posted_json_is_a_request(kea: Kea) -> None:
    no_json = kea.http.post("/", content=b"{", headers={"content-type": "application/json"})
    for refused in (kea.http.get("/"), kea.http.post("/", content=b"{}"), no_json):
        assert (refused.status_code, refused.json()) == (400, {"result": 400, "text": "Bad Request"})


def test_writes_are_told_from_reads_by_the_command(kea: Kea) -> None:
    kea.ask("config-get")
    kea.ask("reservation-add", {"reservation": RESERVATION})
    counts = kea.http.get("/_emulator/counts").json()
    assert (counts["reads"], counts["writes"]) == (1, 1)
