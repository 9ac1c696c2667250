"""The NetBox emulator, asked by the real pynetbox over HTTP."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pynetbox
import pytest
import requests
import uvicorn

from onramp.sandbox.netbox import NetBox, create_app
from onramp.sandbox.netbox.seed import seed

TOKEN = "nbt_abc.secret"
SEED = Path(__file__).parents[3] / "examples" / "netbox.json"
MAC = "0c:c4:7a:00:00:01"


@contextmanager
def serving(netbox: NetBox, token: str = TOKEN) -> Iterator[str]:
    """The emulator's address, while it answers."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(netbox, token), log_level="warning"))
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def netbox() -> NetBox:
    netbox = NetBox()
    seed(netbox, SEED)
    return netbox


@pytest.fixture
def address(netbox: NetBox) -> Iterator[str]:
    with serving(netbox) as address:
        yield address


@pytest.fixture
def api(address: str) -> Any:
    return pynetbox.api(address, token=TOKEN)


def place(api: Any, **changes: Any) -> dict[str, Any]:
    rack = api.dcim.racks.get(name="RA07")
    wanted = {
        "name": "dcoa-ra07u45",
        "device_type": {"slug": "supermicro-1u"},
        "role": {"slug": "k8s-worker"},
        "site": {"slug": "dcoa"},
        "rack": rack.id,
        "position": 45,
        "face": "front",
        "status": "planned",
    }
    return wanted | changes


def refusal(call: Any) -> Any:
    with pytest.raises(pynetbox.RequestError) as caught:
        call()
    return caught.value.req.status_code, caught.value.req.json()


def test_a_server_is_recorded_with_its_interface_mac_address_and_oob_ip(api: Any) -> None:
    device = api.dcim.devices.create(place(api))
    interface = api.dcim.interfaces.create(device=device.id, name="BMC", type="1000base-t", mgmt_only=True)
    assigned = {"assigned_object_type": "dcim.interface", "assigned_object_id": interface.id}
    mac = api.dcim.mac_addresses.create(mac_address=MAC, **assigned)
    assert interface.update({"primary_mac_address": mac.id})
    ip = api.ipam.prefixes.get(prefix="10.16.28.0/24").available_ips.create({"status": "active", **assigned})
    assert device.update({"oob_ip": ip.id})

    found = api.dcim.devices.get(mac_address=MAC)
    assert (found.name, found.location.name, found.status.value) == ("dcoa-ra07u45", "ra07", "planned")
    assert found.oob_ip.address == "10.16.28.2/24"
    shown = api.dcim.interfaces.get(device_id=device.id)
    assert (shown.mac_address, shown.count_ipaddresses) == (MAC.upper(), 1)
    assert api.ipam.ip_addresses.get(interface_id=interface.id).assigned_object.device.id == device.id


def test_a_taken_rack_unit_is_refused_in_netboxs_words(api: Any) -> None:
    rack = api.dcim.racks.get(name__ie="rb06").id
    occupied = "U30.0 is already occupied or does not have sufficient space to accommodate this device type: "
    wanted = place(api, rack=rack, position=30, face="rear", device_type={"slug": "dell-r750"})
    assert refusal(lambda: api.dcim.devices.create(wanted)) == (
        400,
        {"position": [f"{occupied}dell-r750 (2.0U)"]},
    )


def test_an_elevation_shows_half_units_and_who_holds_them(api: Any) -> None:
    units = list(api.dcim.racks.get(name="RB06").elevation.list(face="rear"))
    assert len(units) == 96
    held = {unit.id: unit.device.name for unit in units if unit.occupied}
    assert held == {31.0: "dcoa-rb06u31-old", 31.5: "dcoa-rb06u31-old"}


def test_a_device_type_brings_its_interfaces(api: Any) -> None:
    device = api.dcim.devices.create(place(api, device_type={"slug": "dell-r750"}))
    assert [one.name for one in api.dcim.interfaces.filter(device_id=device.id, mgmt_only=True)] == ["iDRAC"]


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"name": "DCOA-RB06U31-OLD"}, {"__all__": ["Device name must be unique per site."]}),
        (
            {"location": {"slug": "rb06"}},
            {"rack": ["Rack RA07 does not belong to location rb06."]},
        ),
        ({"site": 99}, {"site": ["Related object not found using the provided numeric ID: 99"]}),
        ({"face": ""}, {"face": ["Must specify rack face when defining rack position."]}),
        ({"status": "ready"}, {"status": ["ready is not a valid choice."]}),
    ],
)
def test_a_device_that_breaks_a_rule_is_refused(api: Any, changes: Any, body: Any) -> None:
    assert refusal(lambda: api.dcim.devices.create(place(api, **changes))) == (400, body)


def test_an_oob_ip_must_be_an_address_of_the_device(api: Any) -> None:
    device = api.dcim.devices.create(place(api))
    foreign = api.ipam.ip_addresses.get(address="10.16.28.31").id
    text = "The specified IP address (10.16.28.31/24) is not assigned to this device."
    assert refusal(lambda: device.update({"oob_ip": foreign})) == (400, {"oob_ip": [text]})


def test_an_address_is_unique_in_its_vrf_only(api: Any) -> None:
    again = {"address": "10.16.28.31/32"}
    text = "Duplicate IP address found in global table: 10.16.28.31/24"
    assert refusal(lambda: api.ipam.ip_addresses.create(again)) == (400, {"address": [text]})
    assert api.ipam.ip_addresses.create({**again, "vrf": {"name": "tenant-a"}})


def test_parallel_allocations_differ_and_a_full_prefix_answers_409(api: Any) -> None:
    prefix = api.ipam.prefixes.create(prefix="10.9.0.0/27")
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: prefix.available_ips.create({}).address, range(30)))
    assert len(set(got)) == 30
    with pytest.raises(pynetbox.AllocationError):
        prefix.available_ips.create({})


def test_a_deleted_address_leaves_its_device_and_a_deleted_device_takes_its_interfaces(api: Any) -> None:
    device = api.dcim.devices.get(name="dcoa-rb06u31-old")
    ip = api.ipam.ip_addresses.get(device_id=device.id)
    device.update({"oob_ip": ip.id})
    ip.delete()
    assert api.dcim.devices.get(device.id).oob_ip is None
    device.delete()
    assert api.dcim.interfaces.count() == 0
    status, body = refusal(lambda: api.dcim.sites.get(slug="dcoa").delete())
    assert (status, body["detail"][:52]) == (409, "Unable to delete object. 2 dependent objects were fo")


def test_pages_hold_a_thousand_objects_at_most(netbox: NetBox, address: str, api: Any) -> None:
    for number in range(1001):
        netbox.add("ip-addresses", address=f"10.{100 + number // 250}.0.{number % 250}/8")
    answer = requests.get(
        f"{address}/api/ipam/ip-addresses/?limit=0&parent=10.96.0.0/11",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=10,
    ).json()
    assert (answer["count"], len(answer["results"])) == (1001, 1000)
    assert "offset=1000" in answer["next"]
    assert len(list(api.ipam.ip_addresses.filter(parent="10.96.0.0/11", limit=400))) == 1001


def test_a_location_includes_what_lies_below_it(netbox: NetBox, api: Any) -> None:
    above = netbox.add("locations", name="hall", slug="hall", site="dcoa")
    below = netbox.add("locations", name="row", slug="row", site="dcoa", parent=above)
    netbox.add("racks", name="R1", site="dcoa", location=below)
    assert [rack.name for rack in api.dcim.racks.filter(location_id=above)] == ["R1"]


def test_a_filter_by_what_does_not_exist_is_refused(api: Any) -> None:
    text = "Select a valid choice. nowhere is not one of the available choices."
    assert refusal(lambda: list(api.dcim.racks.filter(site="nowhere"))) == (400, {"site": [text]})


def test_several_objects_are_made_all_or_not_at_all(api: Any) -> None:
    wrong = [{"name": "a", "slug": "a"}, {"name": "dcoa", "slug": "dcoa"}]
    text = "site with this name already exists."
    assert refusal(lambda: api.dcim.sites.create(wrong)) == (400, [{}, {"name": [text]}])
    assert api.dcim.sites.count() == 1


def test_before_4_2_a_mac_address_is_a_field_of_its_interface() -> None:
    netbox = NetBox("4.1.11")
    seed(netbox, SEED)
    with serving(netbox, "0123") as address:
        api = pynetbox.api(address, token="0123")
        interface = api.dcim.interfaces.get(name="BMC")
        assert interface.update({"mac_address": MAC})
        assert api.dcim.interfaces.get(mac_address=MAC).mac_address == MAC.upper()
        with pytest.raises(pynetbox.RequestError, match="could not be found"):
            api.dcim.mac_addresses.create(mac_address=MAC)


def test_a_wrong_token_is_answered_403(address: str) -> None:
    api = pynetbox.api(address, token="0123")
    assert refusal(lambda: api.dcim.sites.count()) == (403, {"detail": "Invalid v1 token"})
