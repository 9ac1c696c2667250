"""netbox_sync on NetBox: killed after any write, or beside itself, it ends where it would have ended."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from events.errors import Retry
from events.types import DeviceRecorded, Outcome
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, record_device
from tests.contract.netbox.conftest import settings
from tests.contract.netbox.dying import Died, dying_client
from tests.contract.netbox.yard import NAME, OTHER_MAC, Yard, scan

POLICY = Policy()
ELSEWHERE = {"location": "rb", "rack": "RB06", "position": 10}

STORIES: dict[str, Sequence[dict[str, Any]]] = {
    "first scan": [{}],
    "first scan, address from the prefix": [{"bmc_ip": None}],
    "BMC and address replaced": [{}, {"bmc_mac": OTHER_MAC, "bmc_ip": "10.16.28.99"}],
    "address from another prefix": [{}, {"bmc_ip": None, "bmc_prefix": "10.16.30.0/24"}],
    "moved": [{}, {**ELSEWHERE, "bmc_ip": "10.16.28.99", "serial": "S2"}],
}


async def _tell(yard: Yard, story: Sequence[dict[str, Any]], lives: int) -> bool:
    """Whether the last scan of the story killed the client after its `lives`-th write."""
    sound = NetBoxClient(settings(yard.netbox))
    for said in story[:-1]:
        await record_device(scan(**said), sound, POLICY)
    try:
        await record_device(scan(**story[-1]), dying_client(settings(yard.netbox), lives), POLICY)
    except Died:
        await record_device(scan(**story[-1]), sound, POLICY)
        again = await record_device(scan(**story[-1]), sound, POLICY)
        assert again.outcome is Outcome.UNCHANGED
        return True
    return False


@pytest.mark.timeout(900)  # a real NetBox takes its time for some hundred writes
@pytest.mark.parametrize("name", STORIES)
async def test_a_crash_after_any_write_is_mended_by_a_repeat(yard: Yard, name: str) -> None:
    server = yard.netbox
    Yard(server).netbox.add("ipam/prefixes", prefix="10.16.30.0/24")
    await _tell(yard, STORIES[name], lives=0)
    undisturbed, lives = yard.state(), 1
    Yard(server).netbox.add("ipam/prefixes", prefix="10.16.30.0/24")
    while await _tell(yard, STORIES[name], lives):
        assert yard.state() == undisturbed, f"after a crash at write {lives}"
        Yard(server).netbox.add("ipam/prefixes", prefix="10.16.30.0/24")
        lives += 1
    assert lives > 3


async def test_two_replicas_with_the_same_scan_make_one_device(yard: Yard) -> None:
    clients = [NetBoxClient(settings(yard.netbox)) for _ in range(2)]

    told = await asyncio.gather(
        *(record_device(scan(), client, POLICY) for client in clients), return_exceptions=True
    )
    unfinished = [one for one in told if isinstance(one, BaseException)]
    assert all(isinstance(one, Retry) for one in unfinished)
    await record_device(scan(), clients[0], POLICY)

    assert (await record_device(scan(), clients[1], POLICY)).outcome is Outcome.UNCHANGED
    assert len(yard.netbox.list("dcim/devices")) == 1
    assert yard.state()["macs"] == 1
    assert yard.addresses() == ["10.16.28.78/24"]


@pytest.mark.timeout(300)
async def test_fifty_servers_at_once_get_an_address_each(yard: Yard, client: NetBoxClient) -> None:
    places = [
        *(("ra07", "RA07", unit) for unit in range(1, 41)),
        *(("rb", "RB06", unit) for unit in range(1, 11)),
    ]
    scans = [
        scan(
            f"dcoa-{rack.lower()}u{unit:02}", location=location, rack=rack, position=unit, bmc_ip=None,
            bmc_mac=f"3cecefa19c{number:02x}",
        )
        for number, (location, rack, unit) in enumerate(places)
    ]  # fmt: skip

    told = await asyncio.gather(
        *(record_device(one, client, POLICY) for one in scans), return_exceptions=True
    )
    recorded = [
        # What the chassis does about a request that went astray among so many.
        await record_device(one, client, POLICY) if isinstance(fact, Retry) else fact
        for one, fact in zip(scans, told, strict=True)
    ]

    assert len({one.bmc_ip for one in recorded if isinstance(one, DeviceRecorded)}) == len(scans)
    assert len(yard.netbox.list("dcim/devices")) == len(scans)


async def test_one_server_that_is_refused_holds_up_no_other(yard: Yard, client: NetBoxClient) -> None:
    refused, recorded = await asyncio.gather(
        record_device(scan("dcoa-x", rack="nowhere"), client, POLICY),
        record_device(scan(), client, POLICY),
        return_exceptions=True,
    )

    assert isinstance(refused, Exception)
    assert not isinstance(recorded, BaseException)
    assert recorded.server == NAME
