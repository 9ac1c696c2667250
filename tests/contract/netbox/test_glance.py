"""A glance: all of one server in one request to NetBox's GraphQL API."""

from ipaddress import IPv4Address, ip_address
from typing import Any, cast

import pytest

from events.errors import Retry
from events.types import Outcome
from events.values import MacAddress, ServerName
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from netbox_sync.handler.port import Reads
from tests.contract.netbox.conftest import SERVERS, settings
from tests.contract.netbox.subject import Subject
from tests.contract.netbox.yard import MAC, NAME, OTHER_MAC, Yard, scan

POLICY = Policy()
SERVER, BMC, OTHER_BMC = cast(ServerName, NAME), cast(MacAddress, MAC), cast(MacAddress, OTHER_MAC)
BMC_IP = "10.16.28.78"


@pytest.fixture(scope="session", params=SERVERS[:1])
def netbox_server(request: pytest.FixtureRequest) -> Any:
    """One that answers GraphQL."""
    return request.getfixturevalue(request.param)


async def _shown(reads: Reads, ip: str) -> dict[str, Any]:
    devices = await reads.devices_named(SERVER)
    interfaces = [one for device in devices for one in await reads.interfaces(device.id)]
    on = {one.id: sorted(await reads.addresses_on(one.id), key=lambda ip: ip.id) for one in interfaces}
    return {
        "devices": devices, "interfaces": interfaces, "on": on, "macs": await reads.mac_objects(BMC),
        "at": sorted(await reads.addresses_at(ip_address(ip)), key=lambda ip: ip.id),
    }  # fmt: skip


async def _compare(client: NetBoxClient, ip: str) -> dict[str, Any]:
    """What a glance shows, if it is what the reads one by one show."""
    glance = await client.glance(SERVER, BMC, ip_address(ip))
    assert glance
    shown = await _shown(glance, ip)
    assert shown == await _shown(client, ip)
    return shown


async def test_a_glance_shows_what_the_reads_show_one_by_one(yard: Yard, client: NetBoxClient) -> None:
    tag = yard.netbox.add("extras/tags", name="Own", slug="own")
    await record_device(scan(serial="S1", asset_tag="A1", tenant="blue"), client, POLICY)
    yard.netbox.change("dcim/devices", yard.known()["id"], tags=[tag])
    eth0 = yard.interface(yard.known()["id"], "eth0", mgmt_only=False)
    yard.netbox.mac(OTHER_MAC, eth0)
    yard.netbox.mac(MAC)
    vrf = yard.netbox.add("ipam/vrfs", name="mgmt")
    yard.netbox.ip(f"{BMC_IP}/25", eth0, vrf=vrf, role="anycast")

    shown = await _compare(client, BMC_IP)

    assert [len(some) for some in shown.values()] == [1, 2, 2, 2, 2]
    assert {one.holder for one in shown["at"]} == {f"{NAME} (A1) BMC", f"{NAME} (A1) eth0"}


async def test_a_glance_shows_a_device_that_stands_nowhere(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.mac(MAC)
    yard.netbox.ip(f"{BMC_IP}/24", status="reserved", role="vip")
    basic = {"site": yard.site, "role": yard.role, "device_type": yard.one_u}
    yard.netbox.add("dcim/devices", name=NAME.upper(), **basic)

    (device,) = (await _compare(client, BMC_IP))["devices"]

    assert (device.rack_id, device.position, device.face) == (None, None, None)


async def test_an_ipv6_address_is_found_at_a_glance(yard: Yard, client: NetBoxClient) -> None:
    yard.device("other")
    yard.netbox.mac(MAC)
    yard.netbox.ip("2001:db8::a1/64")

    assert len((await _compare(client, "2001:db8::a1"))["at"]) == 1


async def test_nothing_is_taken_for_the_address_of_a_server_that_has_none_yet(
    yard: Yard, client: NetBoxClient
) -> None:
    await record_device(scan(), client, POLICY)

    glance = await client.glance(cast(ServerName, "dcoa-new"), OTHER_BMC, None)

    assert glance
    assert not await glance.addresses_at(IPv4Address(BMC_IP))


async def test_a_netbox_that_holds_nothing_yet_is_read_one_by_one(yard: Yard, client: NetBoxClient) -> None:
    assert await client.glance(SERVER, BMC, None) is None


async def test_a_wrong_token_is_told_as_over_rest(yard: Yard, client: NetBoxClient) -> None:
    wrong = NetBoxClient(settings(Subject(yard.netbox.url, "nbt_k.wrong")))

    with pytest.raises(Retry, match="ONRAMP_NETBOX_TOKEN"):
        await wrong.connection.graphql("{ __typename }")


async def test_an_interface_that_the_type_brings_is_seen_at_once(yard: Yard, client: NetBoxClient) -> None:
    yard.template(yard.one_u, "iDRAC")
    yard.interface(yard.device("other"))

    recorded = await record_device(scan(), client, POLICY)

    assert recorded.outcome is Outcome.CREATED
    assert yard.bmc(interface="iDRAC")["mac_address"].lower() == MAC
