"""netbox_sync on a NetBox that fails, and what a server costs: what only the emulator can show."""

from pathlib import Path

import pytest
import trustme

from events.errors import Retry, Unreachable
from events.types import Outcome
from netbox_sync.client import NetBoxClient, references
from netbox_sync.handler import Policy, record_device
from netbox_sync.settings import Settings
from tests.contract.netbox.conftest import TOKEN, emulated, settings
from tests.contract.netbox.control import Control
from tests.contract.netbox.subject import Subject
from tests.contract.netbox.yard import OTHER_MAC, Yard, scan

POLICY = Policy()


@pytest.fixture
def yard(emulator_without_graphql: Subject) -> Yard:
    return Yard(emulator_without_graphql)


@pytest.mark.parametrize("bmc_ip", ["10.16.28.78", None], ids=["given", "allocated"])
@pytest.mark.parametrize("template", ["BMC", None], ids=["template", "bare"])
async def test_a_first_scan_costs_four_reads_and_five_writes_at_most(
    yard: Yard, client: NetBoxClient, control: Control, bmc_ip: str | None, template: str | None
) -> None:
    if template:
        yard.template(yard.one_u, template)
    await record_device(scan("dcoa-ra07u01", position=1, bmc_ip=None, bmc_mac="3cecefa19c01"), client, POLICY)
    control.start_counting()

    await record_device(scan(bmc_ip=bmc_ip), client, POLICY)

    reads, writes = control.counts
    assert (reads <= 4, writes <= 5) == (True, True), (reads, writes)


async def test_an_unchanged_rescan_writes_nothing(yard: Yard, client: NetBoxClient, control: Control) -> None:
    await record_device(scan(), client, POLICY)
    control.start_counting()

    await record_device(scan(), client, POLICY)

    assert control.counts[1] == 0


async def test_an_allocation_whose_answer_was_lost_is_found_again(
    yard: Yard, client: NetBoxClient, control: Control
) -> None:
    control.fault("drop", path="available-ips", times=1)
    with pytest.raises(Unreachable):
        await record_device(scan(bmc_ip=None), client, POLICY)

    recorded = await record_device(scan(bmc_ip=None), client, POLICY)

    assert yard.addresses() == [f"{recorded.bmc_ip}/24"]
    assert len(yard.netbox.list("ipam/ip-addresses")) == 1


@pytest.mark.parametrize(
    "path", ["dcim/devices/", "dcim/mac-addresses/", "dcim/interfaces/", "ipam/ip-addresses/", "dcim/sites/"]
)
async def test_a_look_up_that_fails_is_never_read_as_not_found(
    yard: Yard, control: Control, path: str
) -> None:
    await record_device(scan(), NetBoxClient(settings(yard.netbox)), POLICY)
    before = yard.state()
    for status in (500, 502, 404, 403, 429):
        control.fault("error", method="GET", path=path, status=status)
        with pytest.raises(Retry):
            await record_device(scan(), NetBoxClient(settings(yard.netbox)), POLICY)
        control.mend()
    assert yard.state() == before


@pytest.mark.parametrize("body", ["<html>a proxy</html>", '{"error": "none of NetBox"}', '{"results": [{}]}'])
async def test_an_answer_that_is_not_netboxs_is_never_read_as_not_found(
    yard: Yard, client: NetBoxClient, control: Control, body: str
) -> None:
    control.fault("error", method="GET", path="dcim/devices/", status=200, body=body)

    with pytest.raises(Retry, match="ONRAMP_NETBOX_URL"):
        await record_device(scan(), client, POLICY)


async def test_a_slow_netbox_is_unreachable(yard: Yard, control: Control) -> None:
    control.fault("slow", path="dcim/sites", seconds=1.0)

    with pytest.raises(Unreachable, match="did not answer in time"):
        await record_device(scan(), NetBoxClient(settings(yard.netbox, netbox_read_timeout=0.2)), POLICY)


async def test_a_dead_netbox_is_unreachable_and_then_not_called() -> None:
    client = NetBoxClient(Settings(netbox_url="http://127.0.0.1:9"))

    for _ in range(3):
        with pytest.raises(Unreachable, match="cannot be reached"):
            await record_device(scan(), client, POLICY)
    with pytest.raises(Retry, match=r"NetBox at .* cannot be reached .*; waiting for it"):
        await record_device(scan(), client, POLICY)


async def test_a_reference_that_was_added_after_the_first_look_is_found(
    yard: Yard, client: NetBoxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(references, "FRESH", 0.0)
    await record_device(scan(), client, POLICY)
    yard.netbox.add("dcim/racks", name="RA08", site=yard.site, location=yard.row, u_height=47)

    recorded = await record_device(
        scan("dcoa-ra08u45", rack="RA08", bmc_ip=None, bmc_mac=OTHER_MAC), client, POLICY
    )

    assert recorded.outcome is Outcome.CREATED


async def test_a_certificate_is_verified_with_the_bundle_of_the_settings(tmp_path: Path) -> None:
    authority, (bundle, cert, key) = (
        trustme.CA(),
        (tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")),
    )
    issued = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(bundle)
    issued.cert_chain_pems[0].write_to_path(cert)
    issued.private_key_pem.write_to_path(key)
    with emulated(TOKEN, "--certfile", str(cert), "--keyfile", str(key), scheme="https") as netbox:
        await NetBoxClient(settings(netbox, netbox_ca_file=bundle)).ready()

        with pytest.raises(Unreachable, match="ONRAMP_NETBOX_CA_FILE"):
            await NetBoxClient(settings(netbox)).ready()
