"""netbox_sync on a NetBox of an older release, with a v1 token."""

import pytest

from events.errors import Refuse
from events.types import Outcome
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from tests.contract.netbox.conftest import settings
from tests.contract.netbox.yard import MAC, NAME, OTHER_MAC, Yard, scan

POLICY = Policy()


@pytest.fixture
def old_client(old_yard: Yard) -> NetBoxClient:
    return NetBoxClient(settings(old_yard.netbox))


async def test_a_first_scan_is_recorded_and_a_second_changes_nothing(
    old_yard: Yard, old_client: NetBoxClient
) -> None:
    first = await record_device(scan(), old_client, POLICY)
    again = await record_device(scan(), old_client, POLICY)

    assert (first.outcome, again.outcome) == (Outcome.CREATED, Outcome.UNCHANGED)
    assert old_yard.state()["mac"].lower() == MAC
    assert old_yard.state()["oob_ip"] == "10.16.28.78/24"


async def test_a_replaced_bmc_replaces_the_mac_address(old_yard: Yard, old_client: NetBoxClient) -> None:
    await record_device(scan(), old_client, POLICY)

    replaced = await record_device(scan(bmc_mac=OTHER_MAC), old_client, POLICY)

    assert replaced.outcome is Outcome.CHANGED
    assert old_yard.state()["mac"].lower() == OTHER_MAC


async def test_the_mac_of_another_server_is_refused(old_yard: Yard, old_client: NetBoxClient) -> None:
    await record_device(scan(), old_client, POLICY)

    with pytest.raises(Refuse, match=f"{MAC} is the MAC address of {NAME} BMC"):
        await record_device(scan("dcoa-ra07u40", position=40, bmc_ip=None), old_client, POLICY)
