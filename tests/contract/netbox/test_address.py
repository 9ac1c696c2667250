"""netbox_sync on NetBox: the BMC's address."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from events.errors import Refuse
from events.types import Outcome
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from tests.contract.netbox.yard import Yard, scan

POLICY = Policy()
FROM_PREFIX: dict[str, Any] = {"bmc_ip": None}
NO_ADDRESS: dict[str, Any] = {"bmc_ip": None, "bmc_prefix": None}


async def test_an_address_takes_mask_and_vrf_of_the_narrowest_prefix(
    yard: Yard, client: NetBoxClient
) -> None:
    vrf = yard.netbox.add("ipam/vrfs", name="oob")
    yard.netbox.add("ipam/prefixes", prefix="10.16.0.0/16")
    yard.netbox.add("ipam/prefixes", prefix="10.16.28.64/26", vrf=vrf)

    await record_device(scan(), client, POLICY)

    ip = yard.netbox.one("ipam/ip-addresses")
    assert (ip["address"], ip["vrf"]["name"]) == ("10.16.28.78/26", "oob")


async def test_a_prefix_in_several_vrfs_is_refused_naming_them(yard: Yard, client: NetBoxClient) -> None:
    vrf = yard.netbox.add("ipam/vrfs", name="oob")
    yard.netbox.add("ipam/prefixes", prefix="10.16.28.0/24", vrf=vrf)

    for said in ({}, FROM_PREFIX):
        with pytest.raises(Refuse, match=r"oob and the global table|the global table and oob"):
            await record_device(scan(**said), client, POLICY)


async def test_the_vrf_of_the_settings_decides(yard: Yard, client: NetBoxClient) -> None:
    vrf = yard.netbox.add("ipam/vrfs", name="oob")
    yard.netbox.add("ipam/prefixes", prefix="10.16.28.0/24", vrf=vrf)

    await record_device(scan(), client, Policy(bmc_vrf="oob"))

    assert yard.netbox.one("ipam/ip-addresses")["vrf"]["name"] == "oob"


async def test_an_address_that_no_prefix_holds_is_refused(yard: Yard, client: NetBoxClient) -> None:
    with pytest.raises(Refuse, match=r"NetBox knows no prefix that holds 10.99.0.1"):
        await record_device(scan(bmc_ip="10.99.0.1", bmc_prefix=None), client, POLICY)


async def test_an_address_that_nobody_has_is_adopted(yard: Yard, client: NetBoxClient) -> None:
    made = yard.netbox.ip("10.16.28.78/24", description="kept for the BMC")

    await record_device(scan(), client, POLICY)

    ip = yard.netbox.one("ipam/ip-addresses")
    assert (ip["id"], ip["description"]) == (made, "kept for the BMC")
    assert yard.known()["oob_ip"]["id"] == made


async def test_an_address_that_another_has_is_refused_naming_it(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.ip("10.16.28.78/24", yard.interface(yard.device("router"), "eth0"))

    with pytest.raises(Refuse, match=r"10.16.28.78 is held by router eth0") as refused:
        await record_device(scan(), client, POLICY)
    assert refused.value.culprit == "router eth0"
    assert [device["name"] for device in yard.netbox.list("dcim/devices")] == ["router"]


async def test_a_routers_shared_address_is_never_adopted(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.ip("10.16.28.78/24", role="vrrp")

    with pytest.raises(Refuse, match=r"10.16.28.78 is set aside in NetBox as vrrp"):
        await record_device(scan(), client, POLICY)


@pytest.mark.parametrize(("ip", "what"), [("10.16.28.0", "network"), ("10.16.28.255", "broadcast")])
async def test_network_and_broadcast_addresses_are_refused(
    yard: Yard, client: NetBoxClient, ip: str, what: str
) -> None:
    with pytest.raises(Refuse, match=f"{ip} is the {what} address of 10.16.28.0/24"):
        await record_device(scan(bmc_ip=ip), client, POLICY)


async def test_an_infrastructure_address_of_the_settings_is_refused(yard: Yard, client: NetBoxClient) -> None:
    policy = Policy(infrastructure_ips=frozenset({ip_address("10.16.28.78")}))

    with pytest.raises(Refuse, match=r"10.16.28.78 is a router's or server's address"):
        await record_device(scan(), client, policy)


async def test_without_an_address_the_prefix_gives_its_next_free_one(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.netbox.ip("10.16.28.1/24")

    recorded = await record_device(scan(**FROM_PREFIX), client, POLICY)

    assert str(recorded.bmc_ip) == "10.16.28.2"
    assert yard.state()["oob_ip"] == "10.16.28.2/24"


async def test_an_infrastructure_address_is_not_handed_out(yard: Yard, client: NetBoxClient) -> None:
    policy = Policy(infrastructure_ips=frozenset({ip_address("10.16.28.1"), ip_address("10.16.28.2")}))

    recorded = await record_device(scan(**FROM_PREFIX), client, policy)

    assert str(recorded.bmc_ip) == "10.16.28.3"
    assert yard.addresses() == ["10.16.28.3/24"]
    assert yard.netbox.one("ipam/ip-addresses", address="10.16.28.1")["status"]["value"] == "reserved"


async def test_the_default_prefix_of_the_site_serves_who_names_none(yard: Yard, client: NetBoxClient) -> None:
    policy = Policy(default_prefixes={"dcoa": ip_network("10.16.28.0/24")})

    recorded = await record_device(scan(**NO_ADDRESS), client, policy)

    assert str(recorded.bmc_ip) == "10.16.28.1"


async def test_a_scan_that_leads_to_no_address_is_recorded_without_one(
    yard: Yard, client: NetBoxClient
) -> None:
    recorded = await record_device(scan(**NO_ADDRESS), client, POLICY)

    assert (recorded.outcome, recorded.bmc_ip) == (Outcome.CREATED, None)
    assert "no BMC address" in recorded.reason


async def test_a_full_prefix_is_refused_by_name(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.add("ipam/prefixes", prefix="10.16.29.0/30")
    for ip in ("10.16.29.1/30", "10.16.29.2/30"):
        yard.netbox.ip(ip)

    with pytest.raises(Refuse, match=r"prefix 10.16.29.0/30 has no free address") as refused:
        await record_device(scan(bmc_ip=None, bmc_prefix="10.16.29.0/30"), client, POLICY)
    assert refused.value.culprit == "10.16.29.0/30"


async def test_a_prefix_that_netbox_does_not_know_is_refused(yard: Yard, client: NetBoxClient) -> None:
    with pytest.raises(Refuse, match=r"NetBox knows no prefix 10.16.28.0/25"):
        await record_device(scan(bmc_ip=None, bmc_prefix="10.16.28.0/25"), client, POLICY)


async def test_a_rescan_without_an_address_keeps_the_one_there_is(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)

    for said in (NO_ADDRESS, FROM_PREFIX):
        again = await record_device(scan(**said), client, POLICY)
        assert (again.outcome, str(again.bmc_ip)) == (Outcome.UNCHANGED, "10.16.28.78")


async def test_another_address_replaces_the_old_one(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)

    changed = await record_device(scan(bmc_ip="10.16.28.99"), client, POLICY)

    assert changed.outcome is Outcome.CHANGED
    assert yard.state()["oob_ip"] == "10.16.28.99/24"
    assert [ip["address"] for ip in yard.netbox.list("ipam/ip-addresses")] == ["10.16.28.99/24"]


async def test_a_prefix_that_does_not_hold_the_address_replaces_it(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.add("ipam/prefixes", prefix="10.16.30.0/24")
    await record_device(scan(), client, POLICY)

    changed = await record_device(scan(bmc_ip=None, bmc_prefix="10.16.30.0/24"), client, POLICY)

    assert str(changed.bmc_ip) == "10.16.30.1"
    assert [ip["address"] for ip in yard.netbox.list("ipam/ip-addresses")] == ["10.16.30.1/24"]


async def test_a_surplus_address_on_the_interface_is_freed(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(**FROM_PREFIX), client, POLICY)
    yard.netbox.ip("10.16.28.200/24", yard.bmc()["id"])

    again = await record_device(scan(**FROM_PREFIX), client, POLICY)

    assert again.outcome is Outcome.CHANGED
    assert yard.addresses() == ["10.16.28.1/24"]


async def test_an_address_of_the_other_family_stays(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)
    yard.netbox.ip("2001:db8::7/64", yard.bmc()["id"])

    again = await record_device(scan(), client, POLICY)

    assert again.outcome is Outcome.UNCHANGED
    assert "2001:db8::7/64" in yard.addresses()


async def test_an_ipv6_address_is_recorded_as_well(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.add("ipam/prefixes", prefix="2001:db8::/64")

    recorded = await record_device(scan(bmc_ip="2001:db8::78", bmc_prefix=None), client, POLICY)

    assert str(recorded.bmc_ip) == "2001:db8::78"
    assert yard.state()["oob_ip"] == "2001:db8::78/64"
