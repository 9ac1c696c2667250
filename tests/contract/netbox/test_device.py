"""netbox_sync on NetBox: the device and its place."""

from typing import Any

import pytest

from events.errors import Refuse
from events.types import Outcome, ServerScanned
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from tests.contract.netbox.yard import MAC, NAME, OTHER_MAC, Yard, scan

POLICY = Policy()
NEEDED = ("site", "location", "rack", "position", "device_type", "device_role")


def _scan_without(*fields: str) -> ServerScanned:
    absent: dict[str, Any] = dict.fromkeys(fields)
    return scan(**absent)


async def test_a_first_scan_records_device_interface_mac_and_address(
    yard: Yard, client: NetBoxClient
) -> None:
    recorded = await record_device(scan(serial="S1", tenant="blue"), client, POLICY)

    assert recorded.outcome is Outcome.CREATED
    assert recorded.reason == "device dcoa-ra07u45 created in RA07 U45, BMC address 10.16.28.78"
    device = yard.known()
    assert device["id"] == recorded.device_id
    assert (device["serial"], device["tenant"]["slug"], device["role"]["slug"]) == (
        "S1",
        "blue",
        "k8s-worker",
    )
    assert yard.bmc()["mgmt_only"]
    assert yard.bmc()["type"]["value"] == "1000base-t"
    state = yard.state()
    assert state.pop("mac").lower() == MAC
    assert state == {
        "rack": "RA07", "position": 45, "face": "front", "location": "ra07", "status": "planned",
        "type": "supermicro-1u", "oob_ip": "10.16.28.78/24", "macs": 1,
        "addresses": ["10.16.28.78/24"], "all": 1,
    }  # fmt: skip


async def test_the_event_carries_on_what_later_steps_need(yard: Yard, client: NetBoxClient) -> None:
    scanned = scan()

    recorded = await record_device(scanned, client, POLICY)

    assert recorded.registration == scanned.registration
    assert recorded.sealed_password == scanned.sealed_password
    assert str(recorded.bmc_ip) == "10.16.28.78"
    assert (recorded.onboarding_id, recorded.site, recorded.skipped) == (scanned.onboarding_id, "dcoa", ())


async def test_an_unchanged_rescan_is_unchanged(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)
    before = yard.known()["last_updated"], yard.bmc()["last_updated"]

    again = await record_device(scan(), client, POLICY)

    assert again.outcome is Outcome.UNCHANGED
    assert (yard.known()["last_updated"], yard.bmc()["last_updated"]) == before


async def test_a_rescan_moves_the_server(yard: Yard, client: NetBoxClient) -> None:
    first = await record_device(scan(), client, POLICY)

    moved = await record_device(scan(location="rb", rack="RB06", position=10.5), client, POLICY)

    assert moved.outcome is Outcome.CHANGED
    assert "moves from RA07 U45 to RB06 U10.5" in moved.reason
    assert moved.device_id == first.device_id
    assert (yard.state()["rack"], yard.state()["position"], yard.state()["location"]) == ("RB06", 10.5, "rb")


async def test_a_device_that_a_person_moved_is_moved_back_by_the_scan_that_says_so(
    yard: Yard, client: NetBoxClient
) -> None:
    await record_device(scan(), client, POLICY)
    yard.netbox.change("dcim/devices", yard.known()["id"], position=12)

    back = await record_device(scan(), client, POLICY)

    assert "moves from RA07 U12 to RA07 U45" in back.reason
    assert yard.state()["position"] == 45


async def test_a_new_place_with_a_new_mac_is_refused_naming_both(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)

    with pytest.raises(Refuse, match=f"RA07 U45 with BMC {MAC}.*RA07 U40 with BMC {OTHER_MAC}"):
        await record_device(scan(position=40, bmc_mac=OTHER_MAC), client, POLICY)
    assert yard.state()["position"] == 45


async def test_a_name_that_is_known_at_another_site_is_refused(yard: Yard, client: NetBoxClient) -> None:
    yard.device(NAME, None, site=yard.other_site, rack=None, location=None, face="")

    with pytest.raises(Refuse, match="dcoa-ra07u45 is known at site dcob, not at dcoa"):
        await record_device(scan(), client, POLICY)


async def test_a_name_is_the_same_in_any_case(yard: Yard, client: NetBoxClient) -> None:
    device = yard.device(NAME.upper(), 45, rack=yard.ra07, location=yard.row)

    recorded = await record_device(scan(), client, POLICY)

    assert recorded.device_id == device


async def test_a_device_that_a_person_planned_without_a_unit_is_placed(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.device(NAME, None, rack=None, location=None, face="")

    recorded = await record_device(scan(), client, POLICY)

    assert recorded.outcome is Outcome.CHANGED
    assert (yard.state()["rack"], yard.state()["position"], yard.state()["face"]) == ("RA07", 45, "front")


async def test_a_status_that_a_person_set_is_kept(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)
    yard.netbox.change("dcim/devices", yard.known()["id"], status="active")

    await record_device(scan(serial="S2"), client, POLICY)

    assert yard.state()["status"] == "active"


async def test_a_rescan_writes_what_differs_and_leaves_what_it_does_not_say(
    yard: Yard, client: NetBoxClient
) -> None:
    await record_device(scan(serial="S1", asset_tag="A1", tenant="blue"), client, POLICY)

    changed = await record_device(scan(serial="S2", asset_tag=None, tenant=None), client, POLICY)

    assert changed.outcome is Outcome.CHANGED
    assert "serial is S2 instead of S1" in changed.reason
    device = yard.known()
    assert (device["serial"], device["asset_tag"], device["tenant"]["slug"]) == ("S2", "A1", "blue")


async def test_tags_and_custom_fields_of_the_settings_are_written_and_a_persons_kept(
    yard: Yard, client: NetBoxClient
) -> None:
    for tag in ("onramp", "mine"):
        yard.netbox.add("extras/tags", name=tag, slug=tag)
    for name in ("owner", "ticket"):
        yard.netbox.add("extras/custom-fields", name=name, type="text", object_types=["dcim.device"])
    yard.device(
        NAME, 45, rack=yard.ra07, location=yard.row, tags=[{"slug": "mine"}], custom_fields={"owner": "eva"}
    )
    policy = Policy(tags=("onramp",), custom_fields={"owner": "team", "ticket": "none"})

    await record_device(scan(), client, policy)

    device = yard.known()
    assert {tag["slug"] for tag in device["tags"]} == {"onramp", "mine"}
    assert device["custom_fields"] == {"owner": "eva", "ticket": "none"}


async def test_a_new_device_has_the_tags_and_custom_fields_that_a_site_requires(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.netbox.add("extras/tags", name="onramp", slug="onramp")
    yard.netbox.add(
        "extras/custom-fields", name="owner", type="text", object_types=["dcim.device"], required=True
    )

    with pytest.raises(Refuse, match="owner"):
        await record_device(scan(), client, POLICY)
    await record_device(scan(), client, Policy(tags=("onramp",), custom_fields={"owner": "team"}))

    assert yard.known()["custom_fields"] == {"owner": "team"}
    assert [tag["slug"] for tag in yard.known()["tags"]] == ["onramp"]


@pytest.mark.parametrize("absent", NEEDED)
async def test_a_scan_without_a_needed_field_is_skipped_with_a_warning(
    yard: Yard, client: NetBoxClient, absent: str
) -> None:
    recorded = await record_device(_scan_without(absent), client, POLICY)

    assert recorded.outcome is Outcome.SKIPPED
    assert recorded.reason == f"the scan has no {absent}"
    assert [step.step for step in recorded.skipped] == ["netbox_sync"]
    assert absent in recorded.warnings[0]
    assert (recorded.device_id, str(recorded.bmc_ip)) == (None, "10.16.28.78")
    assert yard.netbox.list("dcim/devices") == []


async def test_a_scan_that_says_nothing_of_the_place_is_skipped_without_a_warning(
    yard: Yard, client: NetBoxClient
) -> None:
    recorded = await record_device(_scan_without(*NEEDED), client, POLICY)

    assert (recorded.outcome, recorded.warnings) == (Outcome.SKIPPED, ())
