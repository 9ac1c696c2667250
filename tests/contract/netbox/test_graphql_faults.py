"""A GraphQL API that fails, is switched off or hides something: what only the emulator can show."""

import json
from typing import Any

import httpx
import pytest

from events.errors import Retry, Unreachable
from events.types import Outcome
from netbox_sync.client import NetBoxClient
from netbox_sync.client.graphql import SERVER
from netbox_sync.handler import Policy, record_device
from tests.contract.netbox.conftest import TOKEN, settings
from tests.contract.netbox.control import Control
from tests.contract.netbox.subject import Subject
from tests.contract.netbox.yard import MAC, NAME, Yard, scan

POLICY = Policy()
OTHER: dict[str, Any] = {"server": "dcoa-ra07u01", "position": 1, "bmc_ip": None, "bmc_mac": "3cecefa19c01"}


@pytest.fixture
async def yard(emulator: Subject) -> Yard:
    """With one server in it, so that no list is empty."""
    yard = Yard(emulator)
    await record_device(scan(**OTHER), NetBoxClient(settings(emulator)), POLICY)
    return yard


@pytest.fixture
async def client(yard: Yard) -> NetBoxClient:
    """One that has read what it remembers."""
    client = NetBoxClient(settings(yard.netbox))
    await record_device(scan(**OTHER), client, POLICY)
    return client


def _answer(yard: Yard, **variables: Any) -> dict[str, Any]:
    asked = {"name": NAME, "mac": MAC, "ip": ["10.16.28.78/32"], "with_ip": True, **variables}
    answer = httpx.post(
        f"{yard.netbox.url}/graphql/",
        headers={"Authorization": f"Bearer {TOKEN}"},
        json={"query": SERVER, "variables": asked},
    )
    return dict(answer.raise_for_status().json()["data"])


async def test_a_first_scan_costs_two_reads(yard: Yard, client: NetBoxClient, control: Control) -> None:
    control.start_counting()

    await record_device(scan(), client, POLICY)

    assert control.counts[0] == 2


async def test_an_unchanged_rescan_costs_one_read(yard: Yard, client: NetBoxClient, control: Control) -> None:
    await record_device(scan(), client, POLICY)
    control.start_counting()

    await record_device(scan(), client, POLICY)

    assert control.counts == (1, 0)


@pytest.mark.parametrize("status", [500, 502, 403, 429])
async def test_a_glance_that_fails_is_never_read_as_not_found(
    yard: Yard, client: NetBoxClient, control: Control, status: int
) -> None:
    control.fault("error", path="/graphql/", status=status)

    with pytest.raises(Retry) as retry:
        await record_device(scan(), client, POLICY)

    assert isinstance(retry.value, Unreachable) == (status >= 500)
    assert len(yard.netbox.list("dcim/devices")) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, "The GraphQL API is not enabled."),
        (400, ""),
        (200, '{"data": {"device_list": [], "mac_address_list": []}, "errors": [{"message": "no"}]}'),
    ],
)
async def test_what_graphql_will_not_answer_is_read_over_rest(
    yard: Yard, client: NetBoxClient, control: Control, status: int, body: str
) -> None:
    control.fault("error", path="/graphql/", status=status, body=body)

    recorded = await record_device(scan(), client, POLICY)
    again = await record_device(scan(), client, POLICY)

    assert (recorded.outcome, again.outcome) == (Outcome.CREATED, Outcome.UNCHANGED)


@pytest.mark.parametrize(
    "body", ["<html>a proxy</html>", '{"error": "none"}', '{"data": {"any_x": [{}]}}', "[]"]
)
async def test_an_answer_that_is_not_netboxs_is_never_read_as_not_found(
    yard: Yard, client: NetBoxClient, control: Control, body: str
) -> None:
    control.fault("error", path="/graphql/", status=200, body=body)

    with pytest.raises(Retry, match="ONRAMP_NETBOX_URL"):
        await record_device(scan(), client, POLICY)


async def test_a_slow_glance_is_unreachable(yard: Yard, control: Control) -> None:
    control.fault("slow", path="/graphql/", seconds=1.0)

    with pytest.raises(Unreachable, match="did not answer in time"):
        await record_device(scan(), NetBoxClient(settings(yard.netbox, netbox_read_timeout=0.5)), POLICY)


@pytest.mark.parametrize(
    ("hidden", "path"),
    [
        ("any_device", "dcim/devices"),
        ("any_mac", "dcim/mac-addresses"),
        ("any_address", "ipam/ip-addresses"),
    ],
)
async def test_a_token_that_may_not_view_a_kind_is_told_so_by_rest(
    yard: Yard, client: NetBoxClient, control: Control, hidden: str, path: str
) -> None:
    shown = {**_answer(yard), hidden: []}
    control.fault("error", path="/graphql/", status=200, body=json.dumps({"data": shown}))
    control.fault("error", method="GET", path=path, status=403)

    with pytest.raises(Retry, match="ONRAMP_NETBOX_TOKEN"):
        await record_device(scan(), client, POLICY)

    control.mend()
    assert [one["name"] for one in yard.netbox.list("dcim/devices")] == [OTHER["server"]]


async def test_interfaces_that_the_token_may_not_view_are_asked_of_rest(
    yard: Yard, client: NetBoxClient, control: Control
) -> None:
    yard.template(yard.one_u, "BMC")
    device = yard.device(NAME)
    control.fault(
        "error", path="/graphql/", status=200, body='{"data": {"any_interface": [], "interface_list": []}}'
    )

    assert [one.name for one in await client.new_interfaces(device)] == ["BMC"]


async def test_what_graphql_hides_of_a_device_is_never_written_over(
    yard: Yard, client: NetBoxClient, control: Control
) -> None:
    own, ours = (yard.netbox.add("extras/tags", name=slug, slug=slug) for slug in ("own", "ours"))
    await record_device(scan(), client, POLICY)
    yard.netbox.change("dcim/devices", yard.known()["id"], tags=[own])
    shown = _answer(yard)
    shown["device_list"][0].update(tags=[], rack=None, tenant=None)
    control.fault("error", path="/graphql/", status=200, body=json.dumps({"data": shown}))

    recorded = await record_device(scan(), client, Policy(tags=("ours",)))

    assert recorded.reason.startswith(f"device {NAME} in RA07 U45: tags ours")
    assert {tag["id"] for tag in yard.known()["tags"]} == {own, ours}
