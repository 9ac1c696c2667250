"""How large an import over a WebSocket may be is a setting, and one that is larger is told so."""

import json
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.integration.intake.a_process import running
from tests.integration.rig import Rig

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("mebibytes", "told"),
    [(17, {"records": 0}), (19, {"status": 413, "detail": "at most 18874368 bytes are taken"})],
)
async def test_the_setting_decides_what_is_too_large(
    rig: Rig, tmp_path: Path, mebibytes: int, told: dict[str, object]
) -> None:
    async with (
        running(rig, tmp_path, ONRAMP_MAX_IMPORT_BYTES=str(18 * MEBIBYTE)) as replica,
        connect(f"ws://127.0.0.1:{replica.port}/api/v1/servers/import/ws") as client,
    ):
        await client.send("[" + " " * mebibytes * MEBIBYTE + "]")
        answer = json.loads(await client.recv())
    assert told.items() <= answer.items()
