"""The decision, row by row: what the scan says and what NetBox holds, and what is to be written."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from typing import Any

import pytest

from events.errors import Refuse
from events.values import MacAddress, RackPosition, ServerName
from netbox_sync.handler.address import Adopt, Allocate, Choice, Create, Keep, choose, surplus
from netbox_sync.handler.decide import Plan, decide
from netbox_sync.handler.known import DeviceRole, Prefix, Tenant
from netbox_sync.handler.values import Address, Device, Found, Interface, MacObject, Policy, Wanted
from tests.unit.netbox_sync.fake import ONE_U, OTHER_RACK, PREFIX, RACK, ROLE, SITE

POLICY = Policy()
ROUTER = IPv4Address("10.16.28.1")
ROUTED = Policy(infrastructure_ips=frozenset({ROUTER}))
OLD, NEW = "3c:ec:ef:a1:9c:e8", "3c:ec:ef:a1:9c:e9"
IP, OTHER_IP = IPv4Address("10.16.28.78"), IPv4Address("10.16.28.99")

WANTED = Wanted(
    server=ServerName("dcoa-ra07u45"), mac=MacAddress(OLD), site=SITE, rack=RACK, position=RackPosition(45),
    device_type=ONE_U, role=ROLE, bmc_ip=IP,
)  # fmt: skip
DEVICE = Device(
    id=7, name="dcoa-ra07u45", status="planned", site_id=1, site="dcoa", device_type_id=1, role_id=1,
    rack_id=1, rack="RA07", position=45, face="front", oob_ip_id=5,
)  # fmt: skip
OURS = MacObject(3, OLD, 9, 7, "dcoa-ra07u45 BMC")
BMC = Interface(9, "BMC", True, OLD, (OURS,), 3)
ADDRESS = Address(5, IP, holder="dcoa-ra07u45 BMC")
FOUND = Found(DEVICE, (OURS,), (BMC,), on_interface=(ADDRESS,), prefixes=(PREFIX,))
FREE_MAC = MacObject(4, NEW)

PLANS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # what is otherwise in the scan, and in NetBox, and in the plan
    "all is so": ({}, {}, {"device": {}, "changes": ()}),
    "the status is a person's": ({}, {"device": replace(DEVICE, status="failed")}, {"device": {}}),
    "another serial": (
        {"serial": "S2"}, {}, {"device": {"serial": "S2"}, "changes": ("serial is S2",)},
    ),
    "another asset tag": (
        {"asset_tag": "A2"}, {"device": replace(DEVICE, asset_tag="A1")},
        {"device": {"asset_tag": "A2"}, "changes": ("asset tag is A2 instead of A1",)},
    ),
    "the same serial, asset tag and tenant": (
        {"serial": "S1", "asset_tag": "A1", "tenant": Tenant(2, "Blue", "blue")},
        {"device": replace(DEVICE, serial="S1", asset_tag="A1", tenant_id=2)}, {"device": {}, "changes": ()},
    ),
    "another tenant": ({"tenant": Tenant(2, "Blue", "blue")}, {}, {"device": {"tenant": 2}}),
    "another role": ({"role": DeviceRole(2, "Storage", "storage")}, {}, {"device": {"role": 2}}),
    "another type": (
        {"device_type": replace(ONE_U, id=2)}, {}, {"device": {"device_type": 2}, "takes_units": True},
    ),
    "another unit": (
        {"position": RackPosition(40)}, {},
        {"device": {"location": 1, "rack": 1, "position": 40.0}, "takes_units": True,
         "changes": ("moves from RA07 U45 to RA07 U40",)},
    ),
    "another rack": (
        {"rack": OTHER_RACK}, {},
        {"device": {"location": 1, "rack": 2, "position": 45.0},
         "changes": ("moves from RA07 U45 to RB06 U45",)},
    ),
    "not placed yet": (
        {}, {"device": replace(DEVICE, rack_id=None, rack="", position=None, face=None)},
        {"device": {"location": 1, "rack": 1, "position": 45.0, "face": "front"},
         "changes": ("placed in RA07 U45",)},
    ),
    "a replaced BMC": (
        {"mac": MacAddress(NEW)}, {"macs": ()},
        {"device": {}, "changes": (f"replaces BMC MAC address {OLD} by {NEW}",)},
    ),
    "the address is not out-of-band yet": (
        {}, {"device": replace(DEVICE, oob_ip_id=None)}, {"sets_oob": True, "address": Keep(ADDRESS),
         "changes": (f"out-of-band address {IP}",)},
    ),
    "no address and nothing to take one from": (
        {"bmc_ip": None}, {"device": replace(DEVICE, oob_ip_id=None), "on_interface": ()},
        {"sets_oob": False, "address": None, "changes": ()},
    ),
    "an interface without a MAC": (
        {}, {"macs": (), "interfaces": (Interface(9, "BMC", True),)},
        {"changes": (f"BMC MAC address {OLD}",)},
    ),
}  # fmt: skip


def _plan(said: dict[str, Any], held: dict[str, Any]) -> Plan:
    return decide(replace(WANTED, **said), replace(FOUND, **held), POLICY)


@pytest.mark.parametrize("row", PLANS)
def test_the_plan_holds_the_differences_and_nothing_else(row: str) -> None:
    said, held, expected = PLANS[row]
    plan = _plan(said, held)

    assert {name: getattr(plan, name) for name in expected} == expected


def test_a_new_device_has_the_settings_tags_by_their_slugs() -> None:
    plan = decide(WANTED, Found(prefixes=(PREFIX,)), Policy(tags=("bare-metal",)))

    assert plan.device["tags"] == [{"slug": "bare-metal"}]


def test_a_replaced_mac_goes_and_a_free_object_of_the_new_one_is_used() -> None:
    mac = _plan({"mac": MacAddress(NEW)}, {"macs": (FREE_MAC,)}).mac

    assert (mac.sets, mac.use, mac.old) == (True, FREE_MAC, (OURS,))


def test_the_mac_object_that_the_interface_has_goes_before_a_free_one() -> None:
    mac = _plan({}, {"macs": (MacObject(2, OLD), OURS)}).mac

    assert (mac.sets, mac.use, mac.old) == (False, OURS, ())


def test_a_mac_that_came_onto_the_interface_after_the_macs_were_read_stays() -> None:
    mac = _plan({}, {"macs": ()}).mac

    assert (mac.sets, mac.use, mac.old) == (False, OURS, ())


def test_a_second_mac_that_a_crash_left_on_the_interface_goes() -> None:
    left = MacObject(2, NEW, 9)
    plan = _plan({}, {"interfaces": (replace(BMC, macs=(left, OURS)),)})

    assert (plan.mac.sets, plan.mac.use, plan.mac.old) == (False, OURS, (left,))
    assert plan.changes == (f"removes MAC address {NEW}",)


def test_of_two_objects_of_the_mac_on_the_interface_the_primary_one_stays() -> None:
    second = replace(OURS, id=2)
    held = {"macs": (second, OURS), "interfaces": (replace(BMC, macs=(second, OURS)),)}

    mac = _plan({}, held).mac

    assert (mac.use, mac.old) == (OURS, (second,))


def test_an_object_of_the_mac_on_the_interface_that_is_not_its_primary_one_yet_goes_before_a_free_one() -> (
    None
):
    held = {"macs": (MacObject(2, OLD), OURS), "interfaces": (replace(BMC, mac=None, primary_id=None),)}

    mac = _plan({}, held).mac

    assert (mac.sets, mac.use, mac.old) == (True, OURS, ())


OTHERS_MAC = MacObject(8, OLD, 20, 99, "dcoa-x BMC")
REFUSALS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    # what is otherwise in the scan, and in NetBox, and the reason, and the culprit
    "another's MAC": ({}, {"macs": (OTHERS_MAC,)}, "MAC address of dcoa-x BMC$", "dcoa-x BMC"),
    "another's MAC and no device yet": (
        {}, {"device": None, "macs": (OTHERS_MAC,), "interfaces": ()}, "MAC address of", "dcoa-x BMC",
    ),
    "a virtual machine's MAC": (
        {}, {"macs": (MacObject(8, OLD, None, None, "vm eth0"),)}, "of vm eth0", "vm eth0",
    ),
    "our other interface's MAC": (
        {}, {"macs": (MacObject(8, OLD, 10, 7, "dcoa-ra07u45 eth0"),)}, "eth0", "dcoa-ra07u45 eth0",
    ),
    "our other interface's MAC and no BMC interface yet": (
        {}, {"macs": (MacObject(8, OLD, 10, 7, "dcoa-ra07u45 eth0"),), "interfaces": ()}, "not its BMC",
        "dcoa-ra07u45 eth0",
    ),
    "another place and MAC": (
        {"mac": MacAddress(NEW), "position": RackPosition(40)}, {"macs": ()}, f"RA07 U45 with BMC {OLD}.*U40",
        "dcoa-ra07u45",
    ),
    "another place and no MAC known": (
        {"position": RackPosition(40)}, {"macs": (), "interfaces": ()}, "no BMC MAC address", "dcoa-ra07u45",
    ),
    "another place and an interface without a MAC": (
        {"position": RackPosition(40)}, {"macs": (), "interfaces": (Interface(9, "BMC", True),)},
        "no BMC MAC address", "dcoa-ra07u45",
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", REFUSALS)
def test_what_is_anothers_is_refused_naming_it(row: str) -> None:
    said, held, reason, culprit = REFUSALS[row]

    with pytest.raises(Refuse, match=reason) as refused:
        _plan(said, held)
    assert refused.value.culprit == culprit


NARROW = Prefix(2, IPv4Network("10.16.28.64/26"))
ELSEWHERE = Prefix(3, IPv4Network("10.16.30.0/24"))
NONE: dict[str, Any] = {"on_interface": ()}
UNSAID: dict[str, Any] = {"bmc_ip": None}

CHOICES: dict[str, tuple[dict[str, Any], dict[str, Any], Choice]] = {
    "it is on the interface": ({}, {}, Keep(ADDRESS)),
    "it is on the interface and unsaid": (UNSAID, {}, Keep(ADDRESS)),
    "it is in the prefix that was said": ({**UNSAID, "bmc_prefix": PREFIX.network}, {}, Keep(ADDRESS)),
    "it is not in the prefix that was said": (
        {**UNSAID, "bmc_prefix": ELSEWHERE.network}, {"prefixes": (ELSEWHERE,)}, Allocate(ELSEWHERE),
    ),
    "it is not in the default prefix": ({**UNSAID, "default_prefix": ELSEWHERE.network}, {}, Keep(ADDRESS)),
    "another was said": ({"bmc_ip": OTHER_IP}, {}, Create(OTHER_IP, PREFIX)),
    "a narrower prefix elsewhere": (
        {}, {**NONE, "prefixes": (PREFIX, replace(NARROW, network=IPv4Network("10.16.28.0/26")))},
        Create(IP, PREFIX),
    ),
    "a router's is on the interface": (
        {**UNSAID, "bmc_prefix": PREFIX.network}, {"on_interface": (Address(5, ROUTER),)}, Allocate(PREFIX),
    ),
    "the narrowest prefix": ({}, {**NONE, "prefixes": (PREFIX, NARROW)}, Create(IP, NARROW)),
    "nobody has it": ({}, {**NONE, "at_bmc_ip": (Address(6, IP),)}, Adopt(Address(6, IP))),
    "another VRF has it": (
        {}, {**NONE, "at_bmc_ip": (Address(6, IP, vrf_id=4, holder="x eth0"),)}, Create(IP, PREFIX),
    ),
    "the prefix gives one": ({**UNSAID, "bmc_prefix": PREFIX.network}, NONE, Allocate(PREFIX)),
    "the site's prefix gives one": ({**UNSAID, "default_prefix": PREFIX.network}, NONE, Allocate(PREFIX)),
    "nothing gives one": (UNSAID, NONE, None),
}  # fmt: skip


@pytest.mark.parametrize("row", CHOICES)
def test_the_address_is_kept_adopted_created_or_allocated(row: str) -> None:
    said, held, expected = CHOICES[row]

    assert choose(replace(WANTED, **said), replace(FOUND, **held), ROUTED) == expected


def in_prefix(network: str, ip: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An address that was scanned and one prefix, whatever the interface has."""
    return {"bmc_ip": ip_address(ip)}, {**NONE, "prefixes": (Prefix(4, ip_network(network)),)}


NO_HOSTS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str | None]] = {
    "a router's": ({"bmc_ip": ROUTER}, {}, "router's or server's", str(ROUTER)),
    "a network's": (*in_prefix("10.16.28.0/24", "10.16.28.0"), "the network address of", "10.16.28.0"),
    "a broadcast": (*in_prefix("10.16.28.0/24", "10.16.28.255"), "the broadcast address of", "10.16.28.255"),
    "the routers' anycast": (*in_prefix("2001:db8::/64", "2001:db8::"), "the network address", "2001:db8::"),
    "held": ({}, {**NONE, "at_bmc_ip": (Address(6, IP, holder="x eth0"),)}, "is held by x eth0", "x eth0"),
    "set aside": ({}, {**NONE, "at_bmc_ip": (Address(6, IP, role="VIP"),)}, "set aside .* as VIP", str(IP)),
    "in no prefix": ({}, {**NONE, "prefixes": ()}, f"knows no prefix that holds {IP}", None),
    "in two VRFs": (
        {}, {**NONE, "prefixes": (PREFIX, replace(PREFIX, id=9, vrf_id=4, vrf="mgmt"))},
        "exists in mgmt and the global table", str(PREFIX.network),
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", NO_HOSTS)
def test_an_address_that_no_bmc_may_have_is_refused_naming_it(row: str) -> None:
    said, held, reason, culprit = NO_HOSTS[row]

    with pytest.raises(Refuse, match=reason) as refused:
        choose(replace(WANTED, **said), replace(FOUND, **held), ROUTED)
    assert refused.value.culprit == culprit


@pytest.mark.parametrize(
    ("network", "ip"),
    [
        ("10.16.28.0/31", "10.16.28.0"),
        ("10.16.28.1/32", "10.16.28.1"),
        ("2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff"),
    ],
)
def test_where_a_prefix_has_no_network_or_broadcast_address_its_edges_are_hosts(
    network: str, ip: str
) -> None:
    said, held = in_prefix(network, ip)

    assert isinstance(choose(replace(WANTED, **said), replace(FOUND, **held), POLICY), Create)


def test_of_several_addresses_the_out_of_band_one_is_kept_and_the_others_are_surplus() -> None:
    left = Address(2, OTHER_IP)
    found = replace(FOUND, on_interface=(left, ADDRESS))
    choice = choose(replace(WANTED, bmc_ip=None), found, POLICY)

    assert (choice, surplus(choice, found)) == (Keep(ADDRESS), (left,))


def test_of_several_addresses_none_of_them_out_of_band_the_oldest_is_kept() -> None:
    found = replace(FOUND, device=None, on_interface=(ADDRESS, Address(2, OTHER_IP)))

    assert choose(replace(WANTED, bmc_ip=None), found, POLICY) == Keep(Address(2, OTHER_IP))


def test_nothing_is_freed_where_nothing_was_chosen() -> None:
    assert surplus(None, FOUND) == ()
