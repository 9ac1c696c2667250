"""netbox_sync on NetBox: the reference data is what NetBox itself says, in few requests."""

import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from events.errors import Refuse, Retry
from events.reference import DeviceType, Location, Prefix, Rack
from netbox_sync.client import NetBoxClient
from netbox_sync.client.connection import Json
from netbox_sync.reference import NetBoxTables
from netbox_sync.reference import tables as reading
from netbox_sync.reference.shape import shape
from tests.contract.netbox.conftest import settings
from tests.contract.netbox.control import Control
from tests.contract.netbox.subject import Subject
from tests.contract.netbox.yard import Yard


async def read(client: NetBoxClient, role: str | None = None) -> dict[str, bytes]:
    return shape(await NetBoxTables(client.connection, role).read(), ())


async def rack(client: NetBoxClient, yard: Yard) -> Rack:
    return Rack.model_validate_json((await read(client))[f"racks.{yard.rb06}"])


async def prefix(client: NetBoxClient, key: int) -> Prefix:
    return Prefix.model_validate_json((await read(client))[f"prefixes.{key}"])


def elevation(yard: Yard, face: str) -> set[float]:
    """The free half units of RB06's face, by NetBox's own word."""
    units = yard.netbox.list(f"dcim/racks/{yard.rb06}/elevation", face=face)
    return {float(unit["id"]) for unit in units if not unit["occupied"]}


async def test_places_and_models_are_read(yard: Yard, client: NetBoxClient) -> None:
    values = await read(client)

    row = Location.model_validate_json(values[f"locations.{yard.row}"])
    assert (row.site, row.slug, row.parent) == ("dcoa", "ra07", yard.hall)
    assert (await rack(client, yard)).location == yard.row_b
    one_u = DeviceType.model_validate_json(values[f"device-types.{yard.one_u}"])
    assert (one_u.manufacturer, one_u.slug, one_u.u_height) == ("supermicro", "supermicro-1u", 1)
    assert b'"DC Oslo A"' in values["sites"]
    assert b'"Blue"' in values[f"tenants.{yard.tenant}"]
    assert b'"k8s-worker"' in values[f"device-roles.{yard.role}"]


async def test_nothing_that_changed_makes_the_same_values(yard: Yard, client: NetBoxClient) -> None:
    assert await read(client) == await read(client)


async def test_free_units_are_those_of_netboxs_own_elevation(yard: Yard, client: NetBoxClient) -> None:
    shallow = yard.type("shallow", u_height=1, is_full_depth=False)
    yard.device("tall", 10, device_type=yard.type("two-units", u_height=2))
    yard.device("half", 20.5, device_type=yard.type("half-unit", u_height=0.5, is_full_depth=False))
    yard.device("behind", 30, face="rear", device_type=shallow)

    found = await rack(client, yard)

    assert set(found.free_for(0.5, is_full_depth=False)) == elevation(yard, "front")
    assert set(found.free_for(0.5, is_full_depth=True)) == elevation(yard, "front") & elevation(yard, "rear")
    assert {one.device for one in found.taken} == {"tall", "half", "behind"}


async def test_a_place_that_is_told_free_is_taken_by_netbox_and_one_that_is_not_is_refused(
    yard: Yard, client: NetBoxClient
) -> None:
    two_units = yard.type("two-units", u_height=2)
    yard.device("middle", 31)
    free = (await rack(client, yard)).free_for(2, is_full_depth=True)

    with pytest.raises(AssertionError, match="400"):
        yard.device("refused", 30, device_type=two_units)
    yard.device("taken", 29, device_type=two_units)

    assert 29 in free
    assert 30 not in free


async def test_a_rack_that_counts_from_another_unit_or_from_the_top_has_the_same_room(
    yard: Yard, client: NetBoxClient
) -> None:
    yard.netbox.change("dcim/racks", yard.rb06, starting_unit=5, desc_units=True, u_height=10)

    assert set((await rack(client, yard)).free_for(0.5, is_full_depth=True)) == elevation(yard, "front")


@pytest.mark.parametrize(
    "fields", [{}, {"is_pool": True}, {"status": "container"}], ids=["plain", "pool", "container"]
)
async def test_free_addresses_are_those_of_netboxs_own_count(
    yard: Yard, client: NetBoxClient, fields: dict[str, Any]
) -> None:
    made = yard.netbox.add("ipam/prefixes", prefix="10.40.0.0/27", **fields)
    vrf = yard.netbox.add("ipam/vrfs", name="other")
    yard.netbox.ip("10.40.0.1/24")
    yard.netbox.ip("10.40.0.7/27")
    yard.netbox.ip("10.40.0.3/27", vrf=vrf)
    marked = {"start_address": "10.40.0.10/27", "end_address": "10.40.0.14/27", "mark_populated": True}
    yard.netbox.add("ipam/ip-ranges", **marked)
    yard.netbox.add("ipam/ip-ranges", start_address="10.40.0.20/27", end_address="10.40.0.22/27")

    found = await prefix(client, made)

    free = yard.netbox.free_addresses(made)
    assert (found.free, str(found.next)) == (len(free), free[0])


async def test_a_prefix_of_a_site_says_so(yard: Yard, client: NetBoxClient) -> None:
    scope = {"scope_type": "dcim.site", "scope_id": yard.site}
    made = yard.netbox.add("ipam/prefixes", prefix="10.41.0.0/24", **scope)

    assert (await prefix(client, made)).site == "dcoa"
    assert (await prefix(client, yard.prefix)).site is None


async def test_a_role_narrows_the_prefixes(yard: Yard, client: NetBoxClient) -> None:
    role = yard.netbox.ensure("ipam/roles", "bmc", name="BMC")
    made = yard.netbox.add("ipam/prefixes", prefix="10.42.0.0/24", role=role)

    values = await read(client, "bmc")

    assert [key for key in values if key.startswith("prefixes.")] == [f"prefixes.{made}"]
    assert Prefix.model_validate_json(values[f"prefixes.{made}"]).role == "bmc"


async def test_a_role_that_netbox_does_not_know_is_refused_by_name(yard: Yard, client: NetBoxClient) -> None:
    with pytest.raises(Refuse, match="no-such-role"):
        await read(client, "no-such-role")


async def test_lists_of_several_pages_are_read_whole(
    yard: Yard, client: NetBoxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        yard.netbox.add("ipam/prefixes", prefix=f"10.43.{2 * number}.0/28")
        yard.netbox.ip(f"10.43.{2 * number}.1/28")
    monkeypatch.setattr(reading, "PAGE", 2)
    monkeypatch.setattr(reading, "PARENTS", 2)

    values = await read(client)

    found = [Prefix.model_validate_json(v) for key, v in values.items() if key.startswith("prefixes.")]
    assert sorted(one.free for one in found) == [13, 13, 13, 13, 13, 254]


class Watched:
    """A client's lists; each object is shown to `look` as it is handed on."""

    def __init__(self, client: NetBoxClient, look: Callable[[str, Json], None]) -> None:
        self._lists = client.connection
        self._look = look

    async def each(self, path: str, *, page: int, **filters: object) -> AsyncIterator[Json]:
        async for one in self._lists.each(path, page=page, **filters):
            self._look(path, one)
            yield one


def _is_of_this_test(held: object) -> bool:
    if type(held) is not dict or "id" not in held:
        return False
    return str(held.get("address")).startswith("10.44.") or str(held.get("display")).startswith("counted-")


async def test_one_page_is_held_at_a_time(
    yard: Yard, client: NetBoxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.netbox.add("ipam/prefixes", prefix="10.44.0.0/24")
    for number in range(6):
        yard.netbox.ip(f"10.44.0.{number + 1}/24")
        yard.device(f"counted-{number}", number + 1)
    monkeypatch.setattr(reading, "PAGE", 2)
    held: list[int] = []

    def count(_path: str, _one: Json) -> None:
        held.append(sum(_is_of_this_test(one) for one in gc.get_objects()))

    await NetBoxTables(Watched(client, count), None).read()

    assert max(held) == 3, "a page, and the one object before it that is still in hand"


async def test_of_what_there_is_much_only_few_fields_are_asked_for(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.ip("10.16.28.1/24")
    yard.device("one", 1)
    fields: dict[str, int] = {}

    await NetBoxTables(Watched(client, lambda path, one: fields.update({path: len(one)})), None).read()

    assert fields["dcim/racks"] <= 7
    assert fields["dcim/devices"] <= 6
    assert fields["ipam/ip-addresses"] <= 3


async def test_addresses_of_no_prefix_are_not_read(yard: Yard, client: NetBoxClient) -> None:
    yard.netbox.ip("10.16.28.1/24")
    yard.netbox.ip("10.45.0.1/24")
    read: list[str] = []

    await NetBoxTables(Watched(client, lambda _path, one: read.append(str(one.get("address")))), None).read()

    assert "10.16.28.1/24" in read
    assert "10.45.0.1/24" not in read


async def test_an_older_netbox_is_read_the_same_way(old_yard: Yard) -> None:
    client = NetBoxClient(settings(old_yard.netbox))
    assert (await rack(client, old_yard)).name == "RB06"


async def test_a_wrong_token_names_the_setting(yard: Yard) -> None:
    client = NetBoxClient(settings(Subject(yard.netbox.url, "nbt_wrongwrong00." + "0" * 40)))
    with pytest.raises(Retry, match="ONRAMP_NETBOX_TOKEN"):
        await read(client)


async def test_a_machine_room_of_hundreds_of_servers_costs_ten_requests(emulator: Subject) -> None:
    yard = Yard(emulator)
    for number in range(100):
        place = {"rack": yard.rb06, "location": yard.row_b, "position": None, "face": None}
        yard.device(f"server-{number}", **place)
        yard.netbox.ip(f"10.16.28.{number + 1}/24")
    control = Control(emulator.url)
    client = NetBoxClient(settings(emulator))
    control.start_counting()

    await read(client)

    assert control.counts == (10, 0)
