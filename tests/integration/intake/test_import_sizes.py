"""Large imports over a WebSocket: how large one may be is a setting, and it is kept once."""

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


async def test_of_a_large_file_nothing_is_kept_twice(rig: Rig, tmp_path: Path) -> None:
    grown = []
    async with running(rig, tmp_path, ONRAMP_REQUESTS_PER_ADDRESS="0") as replica:
        for mebibytes in (1, 15):
            async with connect(f"ws://127.0.0.1:{replica.port}/api/v1/servers/import/ws") as client:
                await client.send("[" + " " * mebibytes * MEBIBYTE + "]")
                assert "records" in await client.recv()
            grown.append(replica.peak)
    assert grown[1] - grown[0] < 1.3 * 14 * MEBIBYTE


async def test_nothing_comes_compressed_for_it_may_be_a_thousand_times_as_large(
    rig: Rig, tmp_path: Path
) -> None:
    async with (
        running(rig, tmp_path) as replica,
        connect(f"ws://127.0.0.1:{replica.port}/api/v1/servers/import/ws", compression="deflate") as client,
    ):
        assert client.protocol.extensions == []
