"""netbox_status on NetBox: a usable server's device is staged, unless a person knows better."""

import pytest

from events.errors import Refuse
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device, stage_device
from tests.contract.netbox.yard import Yard, ready, scan

POLICY = Policy()


async def test_a_ready_server_becomes_staged(yard: Yard, client: NetBoxClient) -> None:
    recorded = await record_device(scan(), client, POLICY)

    await stage_device(ready(recorded.device_id), client, POLICY)

    assert yard.state()["status"] == "staged"


async def test_a_status_that_a_person_set_is_never_changed(yard: Yard, client: NetBoxClient) -> None:
    recorded = await record_device(scan(), client, POLICY)
    yard.netbox.change("dcim/devices", yard.known()["id"], status="active")

    await stage_device(ready(recorded.device_id), client, POLICY)

    assert yard.state()["status"] == "active"


async def test_both_statuses_are_settings(yard: Yard, client: NetBoxClient) -> None:
    policy = Policy(status_new="inventory", status_ready="active")
    recorded = await record_device(scan(), client, policy)
    assert yard.state()["status"] == "inventory"

    await stage_device(ready(recorded.device_id), client, policy)

    assert yard.state()["status"] == "active"


async def test_a_server_that_was_not_recorded_is_not_staged(yard: Yard, client: NetBoxClient) -> None:
    recorded = await record_device(scan(), client, POLICY)

    await stage_device(ready(recorded.device_id, "netbox_sync"), client, POLICY)

    assert yard.state()["status"] == "planned"


async def test_a_device_that_is_gone_is_refused_by_name(yard: Yard, client: NetBoxClient) -> None:
    recorded = await record_device(scan(), client, POLICY)
    assert recorded.device_id
    yard.netbox.delete("dcim/devices", recorded.device_id)

    with pytest.raises(Refuse, match=r"device dcoa-ra07u45 .* is gone from NetBox"):
        await stage_device(ready(recorded.device_id), client, POLICY)
