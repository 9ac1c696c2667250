"""`scan` and `import`, through a real intake."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from events.ids import new_onboarding_id
from events.seal import KeyRecord, new_private_key, public_part
from events.types import ServerScanned
from onramp.cli import registering
from onramp.sandbox.nats import free_port
from onramp.sandbox.processes import Process
from onramp.sandbox.waiting import answers
from tests.integration.cli.conftest import Cli
from tests.integration.intake.signin.provider import CLIENT, SECRET, OidcProvider
from tests.integration.rig import Rig

NAMED = {"device_name": "edge-77", "bmc_mac": "3cecef007777", "bmc_password": "pw"}
MAC = "3c:ec:ef:a1:9c:e9"
KEY = KeyRecord(key=public_part(new_private_key("k1")), made_at="2026-01-01T00:00:00Z")


@asynccontextmanager
async def running(rig: Rig, folder: Path, **settings: str) -> AsyncIterator[str]:
    """The address of an intake that can seal passwords."""
    await rig.client.jetstream().publish("$KV.KEYS.k1", KEY.model_dump_json().encode())
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    said = {"ONRAMP_NATS_URL": rig.server.url, "ONRAMP_HTTP_PORT": str(port), "ONRAMP_ACK_WAIT": "2"}
    process = Process(
        "intake",
        [sys.executable, "-m", "intake.app"],
        folder / "intake.log",
        answers(f"{url}/readyz"),
        {**os.environ, **said, **settings},
    )
    await process.start()
    yield url
    await process.stop()


@pytest.fixture
async def intake(rig: Rig, tmp_path: Path) -> AsyncIterator[str]:
    async with running(rig, tmp_path) as url:
        yield url


class Signed(NamedTuple):
    """An intake where people sign in, and who knows them."""

    intake: str
    provider: OidcProvider


@pytest.fixture
async def signed(rig: Rig, tmp_path: Path) -> AsyncIterator[Signed]:
    provider = OidcProvider(tmp_path)
    await asyncio.to_thread(provider.start)
    settings = {
        "ONRAMP_OIDC_ISSUER": provider.issuer,
        "ONRAMP_OIDC_CLIENT_ID": CLIENT,
        "ONRAMP_OIDC_CLIENT_SECRET": SECRET,
    }
    try:
        async with running(rig, tmp_path, **settings) as url:
            yield Signed(url, provider)
    finally:
        await asyncio.to_thread(provider.stop)


async def _scan(cli: Cli, intake: str, *arguments: str, code: int = 0) -> str:
    env = {"ONRAMP_INTAKE_URL": intake, "ONRAMP_BMC_PASSWORD": "canary-Zx81-Wq47"}
    result = await cli("scan", "--bmc-mac", MAC, *arguments, code=code, **env)
    assert "canary" not in result.output
    return result.output


async def test_a_scan_is_stored(rig: Rig, cli: Cli, intake: str) -> None:
    await _scan(cli, intake, "--device-name", "edge-07", "--bmc-ip", "10.16.29.41")
    [scan] = await rig.told(ServerScanned)
    assert scan.server == "edge-07"


async def test_a_refused_scan_says_why_and_exits_with_four(cli: Cli, intake: str) -> None:
    said = await _scan(cli, intake, "--device-name", "edge-07", "--boot-mac", MAC, code=4)
    assert "boot_mac" in said


async def test_a_dry_run_sends_nothing(rig: Rig, cli: Cli, intake: str) -> None:
    await _scan(cli, intake, "--device-name", "edge-07", "--dry-run")
    await _scan(cli, intake, "--device-name", "no name", "--dry-run", code=4)
    assert (await rig.stream.jetstream.stream_info("ONBOARDING")).state.last_seq == 0


async def test_a_file_is_imported_and_each_refused_record_is_named_with_why(
    rig: Rig, cli: Cli, intake: str, tmp_path: Path
) -> None:
    file = tmp_path / "servers.csv"
    rows = [f"edge-{n:02};3cecef0010{n:02x};pw{n};10.16.29.{n}" for n in range(1, 31)]
    bad = "edge-99;no mac;secret-of-99;10.16.29.99"
    file.write_text("\n".join(["device_name;bmc_mac;bmc_password;bmc_ip", *rows, bad]))
    output = (await cli("import", str(file), code=1, ONRAMP_INTAKE_URL=intake)).stdout
    assert "line 32 edge-99: bmc_mac" in output
    assert "30 accepted, 1 refused" in output
    assert "secret-of-99" not in output
    assert len(await rig.told(ServerScanned)) == 30


async def test_the_results_of_an_import_are_in_the_order_of_the_file(
    cli: Cli, intake: str, tmp_path: Path
) -> None:
    records = [
        {"device_name": f"edge-{n}", "bmc_mac": f"3cecef00100{n}", "bmc_password": "pw"} for n in range(5)
    ]
    file = tmp_path / "servers.json"
    file.write_text(json.dumps(records))
    results = await cli.json("import", str(file), ONRAMP_INTAKE_URL=intake)
    assert [result["server"] for result in results] == [record["device_name"] for record in records]
    assert all(result["state"] == "accepted" and result["onboarding_id"] for result in results)


async def test_a_file_of_more_records_than_a_request_has_is_imported_whole_and_as_one_scan_each(
    rig: Rig, cli: Cli, intake: str, tmp_path: Path
) -> None:
    count = registering.AT_ONCE + 7
    file = tmp_path / "servers.yaml"
    file.write_text(
        "".join(
            f"- {{device_name: edge-{n}, bmc_mac: 3cecef00{n:04x}, ipmi_password: 0{n}}}\n"
            for n in range(count)
        )
    )
    results = await cli.json("import", str(file), ONRAMP_INTAKE_URL=intake)
    assert [result["server"] for result in results] == [f"edge-{n}" for n in range(count)]
    assert {result["warnings"][0] for result in results} == {
        "ipmi_password is an older name: send bmc_password"
    }
    scans = await rig.told(ServerScanned)
    assert {str(scan.onboarding_id) for scan in scans} == {result["onboarding_id"] for result in results}


async def test_a_file_that_was_sent_with_ids_of_its_own_is_the_same_scan_again(
    rig: Rig, cli: Cli, intake: str, tmp_path: Path
) -> None:
    file = tmp_path / "servers.json"
    id = str(new_onboarding_id())
    file.write_text(json.dumps([{**NAMED, "onboarding_id": id}]))
    for _ in range(2):
        [result] = await cli.json("import", str(file), ONRAMP_INTAKE_URL=intake)
        assert (result["state"], result["onboarding_id"]) == ("accepted", id)
    assert len(await rig.told(ServerScanned)) == 1


async def test_two_records_that_claim_the_same_are_both_named_wherever_they_stand_in_the_file(
    rig: Rig, cli: Cli, intake: str, tmp_path: Path
) -> None:
    count = registering.AT_ONCE + 1
    records = [{**NAMED, "device_name": f"edge-{n}", "bmc_mac": f"3cecef00{n:04x}"} for n in range(count)]
    records[-1]["bmc_mac"] = records[0]["bmc_mac"]
    file = tmp_path / "servers.json"
    file.write_text(json.dumps(records))
    refused = [
        r for r in await cli.json("import", str(file), code=1, ONRAMP_INTAKE_URL=intake) if r["reason"]
    ]
    assert [(r["place"], r["state"]) for r in refused] == [
        ("record 0", "refused"),
        (f"record {count - 1}", "refused"),
    ]
    assert f"record {count - 1}" in refused[0]["reason"]
    assert len(await rig.told(ServerScanned)) == count - 2


async def test_a_dry_run_of_a_file_refuses_what_intake_refuses_with_the_same_words(
    rig: Rig, cli: Cli, intake: str, tmp_path: Path
) -> None:
    file = tmp_path / "servers.csv"
    file.write_text(
        "device_name,bmc_mac,bmc_password,bmc_ip,bmc_prefix\n"
        "edge-1,1.02E+11,pw,,\n"
        "edge-2,3cecef001002,pw,10.16.29.255,10.16.29.0/24\n"
        "no name,3cecef001003,pw,,\n"
        "edge-4,3cecef001004,,,\n"
    )
    foreseen = await cli.json("import", str(file), "--dry-run", code=1)
    assert await rig.told(ServerScanned) == []
    assert [result["state"] for result in foreseen] == ["refused"] * 4
    assert await cli.json("import", str(file), code=1, ONRAMP_INTAKE_URL=intake) == foreseen


async def test_a_scan_and_an_import_bring_a_bearer_token(
    rig: Rig, cli: Cli, signed: Signed, tmp_path: Path
) -> None:
    token = signed.provider.tokens("tom")["access_token"]
    env: dict[str, Any] = {"ONRAMP_INTAKE_URL": signed.intake, "ONRAMP_BMC_PASSWORD": "pw"}
    scan = ("scan", "--device-name", "edge-01", "--bmc-mac", MAC)
    servers, kept = tmp_path / "servers.json", tmp_path / "token"
    servers.write_text(json.dumps([NAMED]))
    kept.write_text(f"{token}\n")
    assert "set ONRAMP_TOKEN" in (await cli(*scan, code=3, **env)).stderr
    assert "set ONRAMP_TOKEN" in (await cli("import", str(servers), code=3, **env)).stdout
    assert await rig.told(ServerScanned) == []
    await cli(*scan, ONRAMP_TOKEN=token, **env)
    await cli("--token-file", str(kept), "import", str(servers), **env)
    scans = await rig.told(ServerScanned)
    assert [scan.server for scan in scans] == ["edge-01", NAMED["device_name"]]


async def test_what_got_no_answer_is_to_be_imported_again_from_there_on(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onramp.cli.registering.PATIENCE", 0.0)
    file = tmp_path / "servers.json"
    file.write_text(json.dumps([NAMED]))
    nowhere = f"http://127.0.0.1:{free_port()}"
    said = (await cli("import", str(file), code=3, ONRAMP_INTAKE_URL=nowhere)).stdout
    assert "from record 0 on, 1 record got no answer" in said
    assert "import again from there on only" in said


async def test_an_import_leaves_the_making_of_names_to_intake(rig: Rig, cli: Cli, tmp_path: Path) -> None:
    placed = {"bmc_password": "pw", "rack": "RA07", "position": "5"}
    records = [{**placed, "location": f"hall-{n}", "bmc_mac": f"3cecef00500{n}"} for n in range(2)]
    file = tmp_path / "servers.json"
    file.write_text(json.dumps(records))
    pattern = "{location}-{rack}-{position}"
    async with running(rig, tmp_path, ONRAMP_NAME_PATTERN=pattern) as intake:
        env: dict[str, Any] = {"ONRAMP_INTAKE_URL": intake, "ONRAMP_NAME_PATTERN": "{rack}-{position}"}
        results = await cli.json("import", str(file), **env)
    assert [result["server"] for result in results] == ["hall-0-ra07-05", "hall-1-ra07-05"]


async def test_an_unreadable_file_is_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    file.write_text('[{"bmc_password": "canary"')
    output = (await cli("import", str(file), code=2)).output
    assert "record 0" in output
    assert "canary" not in output


async def test_an_intake_that_is_not_there_is_told_with_exit_code_three(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onramp.cli.registering.PATIENCE", 0.0)
    said = await _scan(cli, f"http://127.0.0.1:{free_port()}", "--device-name", "edge-07", code=3)
    assert "no answer" in said
