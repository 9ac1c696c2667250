"""The field's example, posted from a shell."""

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from events.seal import unseal
from events.types import ServerScanned
from tests.integration.intake.a_process import running
from tests.integration.intake.conftest import Intake
from tests.integration.intake.test_import import FIELD

OLDER = FIELD.replace("bmc_password", "ipmi_password").replace("bmc_ip", "ipmi_ip")


@pytest.mark.parametrize(
    ("file", "data", "warnings"),
    [
        (FIELD, "-d @servers.json", []),
        (FIELD, f"-d '{FIELD}'", []),
        (
            OLDER,
            "--data-binary @- < servers.json",
            [
                "ipmi_password is an older name: send bmc_password",
                "ipmi_ip is an older name: send bmc_ip",
            ],
        ),
    ],
)
async def test_the_example_from_the_field_is_imported(
    intake: Intake, private: dict[str, str], tmp_path: Path, file: str, data: str, warnings: list[str]
) -> None:
    (tmp_path / "servers.json").write_text(file)
    async with running(intake.rig, tmp_path) as replica:
        [result] = await curl(
            f"curl -fsS -X POST {replica.url}/api/v1/servers/import -H 'Content-Type: application/json' "
            + data,
            tmp_path,
        )
    assert (result["result"], result["server"], result["warnings"]) == ("accepted", "dcoa-ra07u45", warnings)
    scan = await intake.newest()
    assert isinstance(scan, ServerScanned)
    assert unseal(scan.sealed_password, scan.registration.bmc_mac, private) == "secret123"
    assert str(scan.registration.bmc_ip) == "10.16.28.78"


async def curl(line: str, folder: Path) -> Any:
    """What the line prints, as JSON."""
    ran = await asyncio.create_subprocess_exec(*("bash", "-euc", line), cwd=folder, stdout=PIPE, stderr=PIPE)
    output, errors = await asyncio.wait_for(ran.communicate(), 30)
    assert ran.returncode == 0, errors.decode()
    return json.loads(output)
