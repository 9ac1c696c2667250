"""NetBox's rows become the values of the bucket."""

import json
from collections.abc import Sequence
from ipaddress import ip_address, ip_network
from itertools import permutations
from typing import Any

import pytest

from events.reference import Mounted, Prefix, Rack
from netbox_sync.reference.elevations import Elevations
from netbox_sync.reference.free import EXACT, Runs, Taken, gaps
from netbox_sync.reference.shape import shape
from netbox_sync.reference.tables import Tables

SITE = {"id": 1, "name": "DC Oslo A", "slug": "dcoa"}
RACK = {
    "id": 7, "name": "RA07", "site": SITE, "location": {"id": 2}, "u_height": 4, "starting_unit": 1,
    "desc_units": False,
}  # fmt: skip
TYPE = {
    "id": 3, "model": "1U", "slug": "1u", "manufacturer": {"slug": "supermicro"}, "u_height": 1.0,
    "is_full_depth": True,
}  # fmt: skip


def device(position: float | None, **fields: Any) -> dict[str, Any]:
    face = {"value": "front"}
    basic = {"id": 1, "display": "old", "device_type": {"id": 3}, "rack": {"id": 7}, "face": face}
    return {**basic, "position": position, **fields}


def prefix(network: str = "10.16.28.0/29", **fields: Any) -> dict[str, Any]:
    basic = {"id": 5, "prefix": network, "vrf": None, "role": None, "status": {"value": "active"}}
    return {**basic, "description": "", "is_pool": False, "scope_type": None, "scope": None, **fields}


def address(text: str, vrf: int | None = None) -> dict[str, Any]:
    return {"id": 1, "address": text, "vrf": {"id": vrf} if vrf else None}


def ip_range(start: str, end: str, **fields: Any) -> dict[str, Any]:
    return {"id": 1, "start_address": start, "end_address": end, "vrf": None, **fields}


def rack(*devices: dict[str, Any], u_height: float = 1.0, full_depth: bool = True) -> Rack:
    kind = {**TYPE, "u_height": u_height, "is_full_depth": full_depth}
    elevations = Elevations()
    for row in devices:
        elevations.add(row)
    values = shape(Tables(racks=[RACK], device_types=[kind], elevations=elevations), ())
    return Rack.model_validate_json(values["racks.7"])


def room(*addresses: dict[str, Any], ranges: Sequence[dict[str, Any]] = (), **of: Any) -> Prefix:
    taken = Taken()
    for row in addresses:
        taken.add_address(row)
    for row in ranges:
        taken.add_range(row)
    tables = Tables(prefixes=[prefix(**of)], taken=taken)
    return Prefix.model_validate_json(shape(tables, ())["prefixes.5"])


def test_sites_are_one_list_and_all_else_is_a_value_an_object() -> None:
    values = shape(Tables(sites=[SITE], racks=[RACK], device_types=[TYPE]), ())
    assert json.loads(values["sites"]) == [{"name": "DC Oslo A", "slug": "dcoa"}]
    assert values.keys() == {"sites", "racks.7", "device-types.3"}


def test_the_order_of_the_rows_changes_no_value() -> None:
    two = [device(1, display="a"), device(3, display="b")]
    assert rack(*two) == rack(*reversed(two))


def test_what_stands_in_a_rack_is_said_with_its_height_and_depth() -> None:
    assert rack(device(2), u_height=2).taken == (
        Mounted(device="old", position=2, u_height=2, face="front", is_full_depth=True),
    )


@pytest.mark.parametrize("nowhere", [device(None), device(1, rack=None), device(1, device_type={"id": 99})])
def test_a_device_without_a_unit_takes_none(nowhere: dict[str, Any]) -> None:
    assert rack(nowhere).taken == ()


def test_a_device_of_no_height_takes_no_unit() -> None:
    assert rack(device(1), u_height=0).taken == ()


def test_an_empty_rack_has_room_at_every_half_unit_but_over_its_top() -> None:
    assert rack().free_for(1, is_full_depth=True) == (1, 1.5, 2, 2.5, 3, 3.5, 4)


def test_two_units_need_both() -> None:
    assert rack(device(3)).free_for(2, is_full_depth=True) == (1,)


def test_half_a_unit_fits_beside_half_a_unit() -> None:
    assert rack(device(1), u_height=0.5).free_for(0.5, is_full_depth=True)[0] == 1.5


def test_a_shallow_device_has_room_in_front_of_one_on_the_rear_face() -> None:
    behind = rack(device(1, face={"value": "rear"}), full_depth=False)
    assert 1 in behind.free_for(1, is_full_depth=False)
    assert 1 not in behind.free_for(1, is_full_depth=True)


def test_a_full_depth_device_on_the_rear_face_takes_the_front_too() -> None:
    assert 1 not in rack(device(1, face={"value": "rear"})).free_for(1, is_full_depth=False)


def test_units_are_counted_from_the_racks_first_one() -> None:
    values = shape(Tables(racks=[{**RACK, "starting_unit": 10}]), ())
    assert Rack.model_validate_json(values["racks.7"]).free_for(4, is_full_depth=True) == (10,)


def test_what_takes_no_unit_has_no_place() -> None:
    assert rack().free_for(0, is_full_depth=False) == ()


def test_network_broadcast_and_used_addresses_are_not_free() -> None:
    found = room(address("10.16.28.1/24"), address("10.16.28.3/29"))
    assert (found.free, found.next) == (4, ip_address("10.16.28.2"))


def test_an_address_of_another_vrf_takes_none() -> None:
    assert room(address("10.16.28.1/29", vrf=9)).next == ip_address("10.16.28.1")


def test_a_container_of_the_global_table_counts_every_vrf() -> None:
    assert room(address("10.16.28.1/29", vrf=9), status={"value": "container"}).free == 5


def test_a_container_of_a_vrf_counts_its_own_alone() -> None:
    vrf = {"id": 3, "name": "bmc"}
    assert room(address("10.16.28.1/29", vrf=9), vrf=vrf, status={"value": "container"}).free == 6


def test_a_pool_gives_its_first_and_last_address_too() -> None:
    assert room(is_pool=True).free == 8


def test_a_full_prefix_has_no_next_address() -> None:
    found = room(address("10.16.28.0/31"), address("10.16.28.1/31"), network="10.16.28.0/31")
    assert (found.free, found.next) == (0, None)


def test_ipv6_keeps_back_the_routers_anycast_address_alone() -> None:
    assert room(network="2001:db8::/125").free == 7


def test_the_count_stays_what_json_takes_exactly() -> None:
    assert room(network="2001:db8::/64").free == EXACT


@pytest.mark.parametrize(
    ("marks", "free"), [({"mark_populated": True}, 3), ({"mark_populated": False}, 6), ({}, 3)]
)
def test_a_range_is_kept_back_where_it_is_marked_or_cannot_be(marks: dict[str, bool], free: int) -> None:
    assert room(ranges=[ip_range("10.16.28.2/29", "10.16.28.4/29", **marks)]).free == free


@pytest.mark.parametrize("ends", [("10.16.28.2/24", "10.16.28.9/24"), ("10.16.27.9/24", "10.16.28.2/24")])
def test_a_range_that_reaches_beyond_the_prefix_takes_nothing_of_it(ends: tuple[str, str]) -> None:
    assert room(ranges=[ip_range(*ends)]).free == 6


def test_an_address_above_a_range_is_taken_beside_it() -> None:
    found = room(address("10.16.28.6/29"), ranges=[ip_range("10.16.28.1/29", "10.16.28.3/29")])
    assert (found.free, found.next) == (2, ip_address("10.16.28.4"))


def test_a_range_of_another_vrf_takes_none() -> None:
    assert room(ranges=[ip_range("10.16.28.2/29", "10.16.28.4/29", vrf={"id": 9})]).free == 6


def test_neighbours_of_the_next_prefix_are_its_own() -> None:
    around = [address(f"10.16.28.{number}/24") for number in (7, 8, 9, 15, 16, 17)]
    assert room(*around, network="10.16.28.8/29").free == 5


def test_routers_that_netbox_does_not_know_are_kept_back() -> None:
    values = shape(Tables(prefixes=[prefix()]), [ip_address("10.16.28.1"), ip_address("10.99.0.1")])
    found = Prefix.model_validate_json(values["prefixes.5"])
    assert (found.free, found.next) == (5, ip_address("10.16.28.2"))


def test_an_ipv4_router_takes_no_ipv6_address() -> None:
    tables = Tables(prefixes=[prefix("::a10:1c00/125")])
    values = shape(tables, [ip_address("10.16.28.1")])
    assert Prefix.model_validate_json(values["prefixes.5"]).free == 7


@pytest.mark.parametrize(
    ("scope", "site", "location"),
    [
        ({"scope_type": "dcim.site", "scope": SITE}, "dcoa", None),
        ({"scope_type": "dcim.location", "scope": {"id": 2}}, "dcoa", 2),
        ({"scope_type": "dcim.region", "scope": {"id": 2, "slug": "north"}}, None, None),
        ({"site": SITE}, "dcoa", None),
        ({}, None, None),
    ],
)
def test_a_prefix_is_of_the_place_that_netbox_ties_it_to(
    scope: dict[str, Any], site: str | None, location: int | None
) -> None:
    row = {"id": 2, "name": "Row 7", "slug": "ra07", "site": SITE, "parent": None}
    values = shape(Tables(locations=[row], prefixes=[prefix(**scope)]), ())
    found = Prefix.model_validate_json(values["prefixes.5"])
    assert (found.site, found.location, found.prefix) == (site, location, ip_network("10.16.28.0/29"))


@pytest.mark.parametrize("order", list(permutations([1, 2, 3, 5])))
def test_numbers_are_the_same_runs_in_whatever_order_they_came(order: tuple[int, ...]) -> None:
    runs = Runs()
    for number in order:
        runs.add(number)
    assert list(runs.touching(0, 9)) == [(1, 3), (5, 5)]


def test_a_number_that_is_there_already_changes_nothing() -> None:
    runs = Runs()
    for number in (1, 2, 3, 1, 2, 3):
        runs.add(number)
    assert list(runs.touching(0, 9)) == [(1, 3)]


@pytest.mark.parametrize(("first", "last", "runs"), [(0, 0, []), (4, 4, []), (3, 5, [(1, 3), (5, 5)])])
def test_runs_are_found_by_any_of_their_numbers(first: int, last: int, runs: list[tuple[int, int]]) -> None:
    found = Runs()
    for number in (1, 2, 3, 5):
        found.add(number)
    assert list(found.touching(first, last)) == runs


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], (5, 1)),
        ([(1, 5)], (0, None)),
        ([(0, 1), (1, 1), (3, 3)], (3, 2)),
        ([(2, 4), (3, 3)], (2, 1)),
        ([(5, 9)], (4, 1)),
        ([(7, 9)], (5, 1)),
    ],
)
def test_gaps_between_intervals_are_counted_once(
    taken: list[tuple[int, int]], expected: tuple[int, int | None]
) -> None:
    assert gaps(1, 5, taken) == expected
