"""The story of a scan in NetBox, told against one in memory."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any, TypeVar, cast
from uuid import UUID

import pytest

from events.errors import Refuse, Retry, Unreachable
from events.types import Host, Outcome, Registration, ServerReady, ServerScanned
from events.values import IpAddress, ServerName
from netbox_sync.handler import Policy, Rejected, record_device, stage_device
from netbox_sync.handler.known import Location, Rack, Reference
from netbox_sync.handler.values import Address, Device
from tests.unit.netbox_sync.fake import FakeNetBox

R = TypeVar("R", bound=Reference)
MAC = "3c:ec:ef:a1:9c:e8"
POLICY = Policy()


def scan(server: str = "dcoa-ra07u45", **said: Any) -> ServerScanned:
    fields = {
        "bmc_mac": MAC, "bmc_ip": "10.16.28.78", "site": "dcoa", "location": "ra07", "rack": "RA07",
        "position": 45, "device_type": "supermicro-1u", "device_role": "k8s-worker",
    }  # fmt: skip
    return ServerScanned(
        onboarding_id=UUID(int=7),
        server=server,
        site="dcoa",
        registration=Registration.model_validate({**fields, **said}),
        sealed_password="sealed",
    )


async def test_new_things_are_made_before_what_points_to_them() -> None:
    netbox = FakeNetBox()

    recorded = await record_device(scan(), netbox, POLICY)

    assert (recorded.outcome, recorded.bmc_ip) == (Outcome.CREATED, IPv4Address("10.16.28.78"))
    assert netbox.writes == [
        "create_device",
        "create_interface",
        "set_mac",
        "create_address",
        "change_device",
    ]


async def test_a_bmc_without_an_address_is_told_and_why() -> None:
    recorded = await record_device(scan(bmc_ip=None), FakeNetBox(), POLICY)

    assert recorded.reason.endswith("no BMC address: no bmc_ip and no prefix to take one from")


async def test_an_unchanged_rescan_writes_nothing() -> None:
    netbox = FakeNetBox()
    await record_device(scan(), netbox, POLICY)
    netbox.writes.clear()

    again = await record_device(scan(), netbox, POLICY)

    assert (again.outcome, netbox.writes) == (Outcome.UNCHANGED, [])
    assert "dcoa-ra07u45 in RA07 U45 is as it was scanned" in again.reason


async def test_the_old_mac_and_address_go_last() -> None:
    netbox = FakeNetBox()
    await record_device(scan(), netbox, POLICY)
    netbox.writes.clear()

    await record_device(scan(bmc_mac="3cecefa19ce9", bmc_ip="10.16.28.99"), netbox, POLICY)

    assert netbox.writes == ["set_mac", "delete_mac", "create_address", "change_device", "delete_address"]


class AsksForNoAddress(FakeNetBox):
    """Who has an address need not be asked."""

    async def addresses_at(self, ip: IpAddress) -> Sequence[Address]:
        raise AssertionError(f"{ip} is looked for")


async def test_an_address_that_was_not_scanned_or_is_kept_is_not_looked_for() -> None:
    await record_device(scan(bmc_ip=None), AsksForNoAddress(), POLICY)
    known = FakeNetBox()
    await record_device(scan(), known, POLICY)

    again = AsksForNoAddress(known.devices, known.interfaces_of, known.macs, known.ips, known.ip_interface)
    assert (await record_device(scan(), again, POLICY)).outcome is Outcome.UNCHANGED


async def test_an_address_that_turned_out_a_routers_is_set_aside_and_not_freed() -> None:
    netbox = FakeNetBox()
    await record_device(scan(), netbox, POLICY)
    netbox.writes.clear()

    routers = frozenset({IPv4Address("10.16.28.78")})
    await record_device(scan(bmc_ip="10.16.28.99"), netbox, Policy(infrastructure_ips=routers))

    assert netbox.writes == ["create_address", "change_device", "set_aside"]


async def test_a_routers_address_that_netbox_hands_out_is_set_aside_and_the_next_one_taken() -> None:
    netbox = FakeNetBox()

    routers = Policy(infrastructure_ips=frozenset({IPv4Address("10.16.28.1")}))
    recorded = await record_device(scan(bmc_ip=None, bmc_prefix="10.16.28.0/24"), netbox, routers)

    assert recorded.bmc_ip == IPv4Address("10.16.28.2")
    assert "set_aside" in netbox.writes


async def test_who_holds_the_unit_is_named() -> None:
    netbox = FakeNetBox()
    await record_device(scan(), netbox, POLICY)

    with pytest.raises(Refuse, match="RA07 U45 is held by dcoa-ra07u45") as refused:
        await record_device(scan("dcoa-new", bmc_mac="3cecefa19ce9", bmc_ip=None), netbox, POLICY)
    assert refused.value.culprit == "dcoa-ra07u45"


async def test_a_refusal_stands_after_a_second_look_at_fresh_references() -> None:
    netbox = FakeNetBox()

    with pytest.raises(Refuse, match="rack 'RA70' is unknown"):
        await record_device(scan(rack="RA70"), netbox, POLICY)
    assert netbox.forgotten == 1


class TwoSites(FakeNetBox):
    """The other site calls its location and rack the same, and this one has a rack twice."""

    async def known(self, kind: type[R], *, site: int | None = None) -> Sequence[R]:
        elsewhere: dict[type[Reference], Sequence[Reference]] = {
            Location: [Location(9, "Row 7", "ra07")], Rack: [Rack(9, "RA07", location_id=1)],
        }  # fmt: skip
        twice = [Rack(3, "RC01", location_id=1), Rack(4, "RC01", location_id=1)] if kind is Rack else []
        others = [] if site else elsewhere.get(kind, [])
        return cast(Sequence[R], [*await super().known(kind), *others, *twice])


async def test_location_and_rack_are_those_of_the_scanned_site() -> None:
    recorded = await record_device(scan(), TwoSites(), POLICY)

    assert recorded.outcome is Outcome.CREATED


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (
            "location",
            "basement",
            "location 'basement' is unknown in site dcoa; nothing there is called like it",
        ),
        ("rack", "RC01", r"rack 'RC01' fits RC01 \(id 3\) and RC01 \(id 4\) in location ra07"),
    ],
)
async def test_what_is_no_one_place_is_refused_by_its_name(field: str, value: str, reason: str) -> None:
    with pytest.raises(Refuse, match=reason) as refused:
        await record_device(scan(**{field: value}), TwoSites(), POLICY)
    assert refused.value.culprit == value


class ChangingNetBox(FakeNetBox):
    """Somebody else writes at the same time: each refusal is another one."""

    async def create_device(self, fields: Any) -> Any:
        self.writes.append("create_device")
        raise Rejected(f"NetBox refuses it: reason {len(self.writes)}")


async def test_refusals_that_change_from_look_to_look_are_tried_again() -> None:
    with pytest.raises(Retry, match="NetBox is being changed: NetBox refuses it: reason 2"):
        await record_device(scan(), ChangingNetBox(), POLICY)


async def test_a_netbox_that_fails_is_not_looked_at_twice() -> None:
    netbox = FakeNetBox(fail_at="set_mac", error=Unreachable("down", backend="netbox"))

    with pytest.raises(Unreachable):
        await record_device(scan(), netbox, POLICY)
    assert (netbox.writes, netbox.forgotten) == (["create_device", "create_interface"], 0)


async def test_what_a_failure_left_undone_is_done_by_the_next_telling() -> None:
    netbox = FakeNetBox(fail_at="set_mac", error=Unreachable("down", backend="netbox"))
    with pytest.raises(Unreachable):
        await record_device(scan(), netbox, POLICY)
    netbox.fail_at = None
    netbox.writes.clear()

    recorded = await record_device(scan(), netbox, POLICY)

    assert recorded.outcome is Outcome.CHANGED
    assert netbox.writes == ["set_mac", "create_address", "change_device"]


class ReadAtAGlance(FakeNetBox):
    """Its reads one by one would find nothing that may be found."""

    async def devices_named(self, name: ServerName) -> Sequence[Device]:
        raise AssertionError(f"{name} is looked at closely")


async def test_what_is_not_there_is_seen_at_a_glance() -> None:
    recorded = await record_device(scan(), ReadAtAGlance(at_a_glance=FakeNetBox()), POLICY)

    assert recorded.outcome is Outcome.CREATED


async def test_that_nothing_is_to_be_done_is_seen_at_a_glance() -> None:
    there = FakeNetBox()
    await record_device(scan(), there, POLICY)

    again = await record_device(scan(), ReadAtAGlance(at_a_glance=there), POLICY)

    assert again.outcome is Outcome.UNCHANGED


async def test_what_a_glance_hides_is_not_written_over() -> None:
    netbox, glance = FakeNetBox(), FakeNetBox()
    for known in (netbox, glance):
        await record_device(scan(), known, POLICY)
    (device,) = netbox.devices.values()
    netbox.devices[device.id] = replace(device, tags=("own", "ours"))
    netbox.at_a_glance = glance

    again = await record_device(scan(), netbox, Policy(tags=("ours",)))

    assert again.outcome is Outcome.UNCHANGED


async def test_what_is_refused_at_a_glance_is_looked_at_closely() -> None:
    netbox, glance = FakeNetBox(), FakeNetBox()
    for known in (netbox, glance):
        await record_device(scan(), known, POLICY)
    glance.macs = [replace(mac, device_id=None, holder="something hidden") for mac in glance.macs]
    netbox.at_a_glance = glance

    again = await record_device(scan(), netbox, POLICY)

    assert (again.outcome, netbox.forgotten) == (Outcome.UNCHANGED, 0)


def ready(device_id: int | None) -> ServerReady:
    facts = scan().model_dump(include={"onboarding_id", "server", "site", "registration"})
    host = Host(namespace="metal3", name="dcoa-ra07u45")
    return ServerReady(**facts, device_id=device_id, host=host, state="available")


async def test_a_device_that_is_gone_is_named_as_the_culprit() -> None:
    with pytest.raises(Refuse, match="is gone from NetBox") as refused:
        await stage_device(ready(12), FakeNetBox(), POLICY)
    assert refused.value.culprit == "dcoa-ra07u45"


async def test_a_server_that_netbox_never_held_is_not_staged() -> None:
    netbox = FakeNetBox()

    await stage_device(ready(None), netbox, POLICY)

    assert netbox.writes == []
