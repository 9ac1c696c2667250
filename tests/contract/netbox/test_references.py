"""netbox_sync on NetBox: sites, racks, types, roles and tenants by what people call them."""

import pytest

from events.errors import Refuse
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from tests.contract.netbox.yard import Yard, scan

POLICY = Policy()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("site", "DC Oslo A"), ("site", "DCOA"), ("location", "Row 7"), ("location", "hall-a"),
        ("rack", "ra07"),
        ("device_type", "supermicro/supermicro-1u"), ("device_role", "Kubernetes worker"),
    ],
)  # fmt: skip
async def test_references_are_found_by_slug_or_name_in_any_case(
    yard: Yard, client: NetBoxClient, field: str, value: str
) -> None:
    await record_device(scan(**{field: value}), client, POLICY)

    assert yard.state()["rack"] == "RA07"
    assert yard.state()["location"] == "ra07"


@pytest.mark.parametrize(
    ("field", "value", "near"),
    [
        ("site", "dcao", "dcoa"), ("location", "ra77", "ra07"), ("rack", "RA70", "RA07"),
        ("device_type", "supermicro-2u", "supermicro-1u"), ("device_role", "k8s-wroker", "k8s-worker"),
        ("tenant", "bleu", "blue"),
    ],
)  # fmt: skip
async def test_an_unknown_reference_is_refused_with_the_nearest_known_names(
    yard: Yard, client: NetBoxClient, field: str, value: str, near: str
) -> None:
    with pytest.raises(Refuse, match=f"{field} '{value}' is unknown.*known: .*{near}") as refused:
        await record_device(scan(**{field: value}), client, POLICY)
    assert refused.value.culprit == value


async def test_a_rack_of_another_location_is_not_found(yard: Yard, client: NetBoxClient) -> None:
    with pytest.raises(Refuse, match="rack 'RB06' is unknown in location ra07"):
        await record_device(scan(rack="RB06"), client, POLICY)


async def test_a_location_below_the_racks_does_not_hold_it(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.add("dcim/locations", name="Cage 1", slug="cage-1", site=yard.site, parent=yard.row)

    with pytest.raises(Refuse, match="rack 'RA07' is unknown in location cage-1"):
        await record_device(scan(location="cage-1"), client, POLICY)


async def test_two_racks_of_one_name_are_refused_naming_both_until_the_location_tells_them_apart(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.netbox.add("dcim/racks", name="RA07", site=yard.site, location=yard.row_b, u_height=47)

    with pytest.raises(Refuse, match=r"rack 'RA07' fits RA07 \(id \d+\) and RA07 \(id \d+\)"):
        await record_device(scan(location="hall-a"), client, POLICY)
    await record_device(scan(location="rb"), client, POLICY)

    assert yard.state()["location"] == "rb"


async def test_names_have_spaces_and_letters_beyond_ascii(yard: Yard, client: NetBoxClient) -> None:
    add = yard.netbox.add
    site = add("dcim/sites", name="Malmö Övre 2", slug="malmo-ovre-2")
    row = add("dcim/locations", name="Räckrad Å", slug="rackrad-a", site=site)
    add("dcim/racks", name="RÄ 07", site=site, location=row, u_height=47)
    add("dcim/device-roles", name="Knoten für Kubernetes", slug="knoten", color="00ff00")
    named = {"site": "Malmö Övre 2", "location": "Räckrad Å", "rack": "rä 07"}

    await record_device(scan(**named, device_role="KNOTEN FÜR KUBERNETES"), client, POLICY)

    assert (yard.state()["rack"], yard.known()["role"]["slug"]) == ("RÄ 07", "knoten")


@pytest.mark.timeout(300)
async def test_what_stands_beyond_the_first_thousand_is_found(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.add_all("tenancy/tenants", [{"name": f"T{n:04}", "slug": f"t{n:04}"} for n in range(1001)])

    await record_device(scan(tenant="t1000"), client, POLICY)

    assert yard.known()["tenant"]["slug"] == "t1000"


async def test_two_racks_that_differ_in_case_are_told_apart_by_the_letter(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.netbox.add("dcim/racks", name="ra07", site=yard.site, location=yard.row, u_height=47)

    await record_device(scan(rack="ra07"), client, POLICY)

    assert yard.state()["rack"] == "ra07"


async def test_a_rack_name_that_fits_two_but_for_its_case_is_refused_naming_both(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.netbox.add("dcim/racks", name="ra07", site=yard.site, location=yard.row, u_height=47)

    with pytest.raises(Refuse, match=r"rack 'Ra07' fits RA07 \(id \d+\) and ra07 \(id \d+\)"):
        await record_device(scan(rack="Ra07"), client, POLICY)


async def test_a_device_type_of_two_makers_is_refused_unless_the_maker_is_named(
    yard: Yard, client: NetBoxClient
) -> None:
    dell = yard.netbox.ensure("dcim/manufacturers", "dell", name="Dell")
    yard.netbox.add("dcim/device-types", manufacturer=dell, model="one", slug="supermicro-1u")

    with pytest.raises(Refuse, match=r"dell/supermicro-1u .* and supermicro/supermicro-1u"):
        await record_device(scan(), client, POLICY)
    await record_device(scan(device_type="dell/supermicro-1u"), client, POLICY)

    assert yard.known()["device_type"]["manufacturer"]["slug"] == "dell"
