"""The example servers from scan to ready on real backends, as each backend's own tools show them."""

import pytest

from tests.lab import bmc_network, kea
from tests.lab.processes import until
from tests.real import tools
from tests.real.chain import Chain, Told, ready_servers, restart_of
from tests.real.place import BACKENDS, kea_servers

pytestmark = pytest.mark.timeout(600)

READY = ready_servers()
KEA = ("shared-a", "shared-b", "separate-a", "separate-b", "memory")
ROUTERS = {"10.16.28": "10.16.28.1", "10.16.29": "10.16.29.1"}

each_server = pytest.mark.parametrize("server", READY, ids=lambda told: told.name)
each_kea = pytest.mark.parametrize("name", KEA)


def asked_of(name: str, server: Told) -> dict[str, str]:
    """What that Kea server gives to a DHCP client of that server's MAC."""
    given = bmc_network.ask(name, server.mac)
    return {field: given.get(field, "") for field in ("ip", "hostname", "router")}


def status_in_netbox(server: Told) -> str:
    return str(tools.netbox().one("dcim/devices", name=server.name)["status"]["value"])


def stored_versions() -> list[int]:
    return [tools.bao_kv_get(one.name)["metadata"]["version"] for one in READY]


def promised(server: Told) -> dict[str, str]:
    router = ROUTERS[server.address.rpartition(".")[0]]
    return {"ip": server.address, "hostname": f"{server.name}-bmc", "router": router}


def test_every_server_settles_as_the_example_expects(differences: list[str]) -> None:
    assert differences == []


@pytest.mark.usefixtures("told")
@each_server
def test_netbox_holds_the_device_its_mac_and_its_address(server: Told) -> None:
    netbox = tools.netbox()
    devices = netbox.list("dcim/devices", name=server.name)
    if not server.place:
        assert devices == []
        return
    [device] = devices
    [interface] = [
        one for one in netbox.list("dcim/interfaces", device_id=device["id"]) if one["mac_address"]
    ]
    assert (device["rack"]["name"], device["position"]) == server.place
    assert device["oob_ip"]["address"] == f"{server.address}/24"
    assert interface["mac_address"].lower() == server.mac
    # netbox_status acts on ServerReady, with which the chain has settled.
    until(lambda: status_in_netbox(server) == "staged", f"{server.name} to be staged in NetBox", 20)


@pytest.mark.usefixtures("told")
@each_server
def test_bao_kv_get_shows_the_credentials_that_were_scanned(server: Told) -> None:
    assert tools.bao_kv_get(server.name)["data"] == {"username": "ADMIN", "password": server.password}


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("kea_server", range(len(KEA)), ids=KEA)
def test_reservation_get_all_shows_every_server_that_is_ready_and_no_other(kea_server: int) -> None:
    held = tools.reservation_get_all(kea_servers()[kea_server])
    assert held == sorted((f"{one.name}-bmc", one.mac, one.address) for one in READY)


@pytest.mark.usefixtures("told")
@each_server
def test_kubectl_get_bmh_shows_a_host_that_is_available(server: Told) -> None:
    host = tools.kubectl_get_bmh()[server.name]
    assert host["status"]["provisioning"]["state"] == "available"
    assert host["spec"]["bmc"]["address"] == f"ipmi://{server.address}"


@pytest.mark.usefixtures("told")
@each_kea
@each_server
def test_a_dhcp_client_gets_exactly_what_was_reserved(name: str, server: Told) -> None:
    assert asked_of(name, server) == promised(server)


@pytest.mark.usefixtures("told")
def test_a_server_without_a_database_knows_its_reservations_after_a_restart() -> None:
    kea.stop("memory")
    kea.start("memory")
    assert asked_of("memory", READY[0]) == promised(READY[0])


@pytest.mark.usefixtures("told")
def test_the_same_scans_again_write_nothing_anywhere(chain: Chain) -> None:
    before, versions = tools.written_so_far(), stored_versions()
    assert chain.tell([one.again for one in READY]) == []
    after = tools.written_so_far()
    assert {what: after[what] for what in after if after[what] != before.get(what)} == {}
    assert stored_versions() == versions


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(("unit", "backend"), enumerate(BACKENDS, 1), ids=BACKENDS)
def test_a_server_that_met_a_backend_which_was_down_goes_on_when_it_is_back(
    chain: Chain, unit: int, backend: str
) -> None:
    assert chain.tell([restart_of(backend, unit)]) == []
