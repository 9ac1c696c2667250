"""netbox_sync on NetBox: the BMC's interface and MAC address."""

import pytest

from events.errors import Refuse
from events.types import Outcome
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from tests.contract.netbox.yard import MAC, NAME, OTHER_MAC, Yard, scan

POLICY = Policy()


async def test_a_replaced_bmc_replaces_the_mac_address(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)

    replaced = await record_device(scan(bmc_mac=OTHER_MAC), client, POLICY)

    assert replaced.outcome is Outcome.CHANGED
    assert f"replaces BMC MAC address {MAC} by {OTHER_MAC}" in replaced.reason
    assert yard.state()["mac"].lower() == OTHER_MAC
    assert [mac["mac_address"].lower() for mac in yard.netbox.list("dcim/mac-addresses")] == [OTHER_MAC]
    assert yard.addresses() == ["10.16.28.78/24"]


@pytest.mark.parametrize("spelling", ["3CECEFA19CE8", "3c-ec-ef-a1-9c-e8", "3cec.efa1.9ce8"])
async def test_the_mac_of_another_server_is_refused_in_any_spelling(
    yard: Yard, client: NetBoxClient, spelling: str
) -> None:
    await record_device(scan(), client, POLICY)

    with pytest.raises(Refuse, match=f"{MAC} is the MAC address of {NAME} BMC"):
        await record_device(scan("dcoa-ra07u40", position=40, bmc_ip=None, bmc_mac=spelling), client, POLICY)
    assert yard.netbox.list("dcim/devices", name="dcoa-ra07u40") == []


async def test_the_mac_of_another_interface_of_the_same_device_is_refused(
    yard: Yard, client: NetBoxClient
) -> None:
    await record_device(scan(), client, POLICY)
    yard.netbox.mac(OTHER_MAC, yard.interface(yard.known()["id"], "eth0", mgmt_only=False))

    with pytest.raises(Refuse, match=f"{OTHER_MAC} is the MAC address of {NAME} eth0"):
        await record_device(scan(bmc_mac=OTHER_MAC), client, POLICY)


async def test_a_mac_that_nobody_has_is_adopted(yard: Yard, client: NetBoxClient) -> None:
    made = yard.netbox.mac(MAC)

    await record_device(scan(), client, POLICY)

    assert yard.netbox.one("dcim/mac-addresses")["id"] == made
    assert yard.bmc()["primary_mac_address"]["id"] == made


async def test_the_only_management_interface_of_the_template_is_the_bmcs(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.template(yard.one_u, "iDRAC")
    yard.template(yard.one_u, "eth0", mgmt_only=False)

    await record_device(scan(), client, POLICY)

    assert {one["name"] for one in yard.netbox.list("dcim/interfaces")} == {"iDRAC", "eth0"}
    assert yard.bmc(interface="iDRAC")["mac_address"].lower() == MAC


async def test_the_interface_of_the_settings_name_goes_before_others(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.template(yard.one_u, "ipmi")
    yard.template(yard.one_u, "console")

    await record_device(scan(), client, Policy(bmc_interface="ipmi"))

    assert yard.bmc(interface="ipmi")["mac_address"].lower() == MAC


async def test_several_management_interfaces_are_refused_naming_them(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.template(yard.one_u, "ipmi")
    yard.template(yard.one_u, "console")

    with pytest.raises(Refuse, match="console and ipmi are for management, none is called BMC"):
        await record_device(scan(), client, POLICY)
