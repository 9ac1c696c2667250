"""netbox_sync on NetBox: what a scan would do, said before anything is written."""

from typing import Any

import pytest

from events.errors import Refuse
from events.verdicts import Question, Verdict, Would
from netbox_sync.client import NetBoxClient
from netbox_sync.handler import Policy, check_device, record_device
from tests.contract.netbox.yard import MAC, OTHER_MAC, Yard, scan

POLICY = Policy()


async def ask(client: NetBoxClient, **said: Any) -> Verdict:
    scanned = scan(**said)
    question = Question(server=scanned.server, registration=scanned.registration)
    return await check_device(question, client, POLICY)


async def test_a_new_server_would_be_created_and_nothing_is(yard: Yard, client: NetBoxClient) -> None:
    verdict = await ask(client)

    assert (verdict.step, verdict.would) == ("netbox_sync", Would.CREATE)
    assert verdict.changes == (
        "creates device dcoa-ra07u45 in RA07 U45", f"BMC MAC address {MAC}", "BMC address 10.16.28.78",
    )  # fmt: skip
    assert yard.netbox.list("dcim/devices") == []


async def test_a_known_server_is_already_so(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)

    verdict = await ask(client)

    assert (verdict.would, verdict.changes) == (Would.NOTHING, ())


async def test_a_new_mac_says_replaces(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)

    verdict = await ask(client, bmc_mac=OTHER_MAC)

    assert verdict.would is Would.CHANGE
    assert f"replaces BMC MAC address {MAC} by {OTHER_MAC}" in verdict.changes


async def test_a_new_place_says_moves(yard: Yard, client: NetBoxClient) -> None:
    await record_device(scan(), client, POLICY)

    verdict = await ask(client, position=40)

    assert verdict.would is Would.CHANGE
    assert "moves from RA07 U45 to RA07 U40" in verdict.changes


async def test_a_scan_without_a_place_would_be_skipped(yard: Yard, client: NetBoxClient) -> None:
    verdict = await ask(client, rack=None)

    assert (verdict.would, verdict.reason) == (Would.SKIP, "the scan has no rack")


async def test_an_occupied_unit_is_refused_before_anything_is_sent(yard: Yard, client: NetBoxClient) -> None:
    yard.device("dcoa-rb06u31-old")

    with pytest.raises(Refuse, match="RB06 U31 is held by dcoa-rb06u31-old"):
        await ask(client, location="rb", rack="RB06", position=31)


async def test_a_server_that_could_not_be_recorded_is_told_so_before(
    yard: Yard, client: NetBoxClient
) -> None:
    await record_device(scan(), client, POLICY)

    with pytest.raises(Refuse, match=f"{MAC} is the MAC address of dcoa-ra07u45"):
        await ask(client, server="dcoa-ra07u40", position=40, bmc_ip=None)
