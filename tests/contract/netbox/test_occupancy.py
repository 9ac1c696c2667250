"""netbox_sync on NetBox: rack units are taken as NetBox's own elevation says."""

from typing import Any

import pytest

from events.errors import Refuse
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from tests.contract.netbox.yard import NAME, Yard, scan

POLICY = Policy()
AT_U31: dict[str, Any] = {"location": "rb", "rack": "RB06", "position": 31}


async def test_an_occupied_unit_is_refused_naming_who_holds_it(yard: Yard, client: NetBoxClient) -> None:
    yard.device("dcoa-rb06u31-old")

    with pytest.raises(Refuse) as refused:
        await record_device(scan("dcoa-rb06u31", **AT_U31), client, POLICY)

    assert refused.value.reason == "RB06 U31 is held by dcoa-rb06u31-old"
    assert refused.value.culprit == "dcoa-rb06u31-old"
    assert [device["name"] for device in yard.netbox.list("dcim/devices")] == ["dcoa-rb06u31-old"]


async def test_a_neighbour_of_two_units_holds_the_one_above_it(yard: Yard, client: NetBoxClient) -> None:
    yard.device("tall", 30, device_type=yard.type("two-units", u_height=2))

    with pytest.raises(Refuse, match="RB06 U31 is held by tall"):
        await record_device(scan(**AT_U31), client, POLICY)


async def test_a_device_of_two_units_needs_the_one_above_it(yard: Yard, client: NetBoxClient) -> None:
    yard.type("two-units", u_height=2)
    yard.device("above", 32)

    with pytest.raises(Refuse, match="RB06 U32 is held by above"):
        await record_device(scan(**AT_U31, device_type="two-units"), client, POLICY)


async def test_half_a_unit_counts(yard: Yard, client: NetBoxClient) -> None:
    yard.device("half", 31.5, device_type=yard.type("half-unit", u_height=0.5))

    with pytest.raises(Refuse, match=r"RB06 U31.5 is held by half"):
        await record_device(scan(**AT_U31), client, POLICY)


async def test_a_full_depth_device_does_not_fit_in_front_of_one_on_the_rear_face(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.device("patch-panel", face="rear", device_type=yard.type("shallow", u_height=1, is_full_depth=False))

    with pytest.raises(Refuse, match="RB06 U31 is held by patch-panel"):
        await record_device(scan(**AT_U31), client, POLICY)


async def test_a_shallow_device_fits_in_front_of_one_on_the_rear_face(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.device("patch-panel", face="rear", device_type=yard.type("shallow", u_height=1, is_full_depth=False))

    await record_device(scan(**AT_U31, device_type="shallow"), client, POLICY)

    assert yard.state()["position"] == 31


async def test_a_server_may_move_by_one_unit_into_its_own(yard: Yard, client: NetBoxClient) -> None:
    yard.type("two-units", u_height=2)
    await record_device(scan(device_type="two-units"), client, POLICY)

    await record_device(scan(device_type="two-units", position=44), client, POLICY)

    assert yard.state()["position"] == 44


async def test_a_move_to_an_occupied_unit_is_refused_and_nothing_is_written(
    yard: Yard, client: NetBoxClient
) -> None:
    await record_device(scan(), client, POLICY)
    yard.device("dcoa-rb06u31-old")
    before = yard.state()

    with pytest.raises(Refuse, match="RB06 U31 is held by dcoa-rb06u31-old"):
        await record_device(scan(**AT_U31, bmc_ip="10.16.28.99"), client, POLICY)
    assert yard.state() == before


async def test_a_unit_that_the_rack_does_not_have_is_refused(yard: Yard, client: NetBoxClient) -> None:
    with pytest.raises(Refuse, match="RA07 has no U48"):
        await record_device(scan(position=48), client, POLICY)
    assert yard.netbox.list("dcim/devices", name=NAME) == []
