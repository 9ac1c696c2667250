"""`scan` and `import`, through a real intake."""

import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from events.seal import KeyRecord, new_private_key, public_part
from events.types import ServerScanned
from onramp.sandbox.nats import free_port
from onramp.sandbox.processes import Process
from onramp.sandbox.waiting import answers
from tests.integration.cli.conftest import Cli
from tests.integration.rig import Rig

MAC = "3c:ec:ef:a1:9c:e9"


@pytest.fixture
async def intake(rig: Rig, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an intake that can seal passwords."""
    key = KeyRecord(key=public_part(new_private_key("k1")), made_at="2026-01-01T00:00:00Z")
    await rig.client.jetstream().publish("$KV.KEYS.k1", key.model_dump_json().encode())
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    said = {"ONRAMP_NATS_URL": rig.server.url, "ONRAMP_HTTP_PORT": str(port), "ONRAMP_ACK_WAIT": "2"}
    process = Process(
        "intake",
        [sys.executable, "-m", "intake.app"],
        tmp_path / "intake.log",
        answers(f"{url}/readyz"),
        {**os.environ, **said},
    )
    await process.start()
    yield url
    await process.stop()


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


async def test_an_unreadable_file_is_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    file.write_text('[{"bmc_password": "canary"')
    output = (await cli("import", str(file), code=2)).output
    assert "line 1" in output
    assert "canary" not in output


async def test_an_intake_that_is_not_there_is_told_with_exit_code_three(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onramp.cli.registering.PATIENCE", 0.0)
    said = await _scan(cli, f"http://127.0.0.1:{free_port()}", "--device-name", "edge-07", code=3)
    assert "no answer" in said
