"""However narrow the terminal, a table cuts nothing that an operator needs."""

import re
from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console

from events.errors import Refuse
from events.fold import fold
from events.orders import Orders
from events.types import Event
from events.verdicts import Would
from onramp.live.table import drawn
from tests.integration.cli.conftest import Answers, Cli, enrolled, given_up, verdict
from tests.integration.rig import Rig

CULPRIT = "dcoa-rb06u31-the-old-one-that-nobody-took-out"
REASON = f"RB06 U31 is held by {CULPRIT}: take it out of the rack in NetBox, or scan the right position"
SERVER = "a-server-with-a-name-of-fifty-nine-characters-in-all-012345"
LOST = "kea-a reserves 10.16.28.78 for 3c:ec:ef:a1:9c:e8 in subnet 1 (10.16.28.0/24)"


def cells(output: str) -> list[str]:
    """What each column of a table says, joined over its lines and without spaces, row after row."""
    rows = [re.split("[│┃|]", line)[1:-1] for line in output.splitlines() if re.match("[│┃|]", line)]
    columns: Sequence[Sequence[str]] = list(zip(*rows, strict=False))
    return ["".join(part.strip().replace(" ", "") for part in column) for column in columns]


def says(output: str, *texts: str) -> bool:
    """Whether each of these stands whole in a column."""
    found = cells(output)
    return all(any(text.replace(" ", "") in column for column in found) for text in texts)


@pytest.fixture
async def refused(rig: Rig) -> None:
    """A dead letter of whom there is much to say."""

    async def refuse(_event: Event, _orders: Orders) -> Event:
        raise Refuse(REASON, culprit=CULPRIT)

    await rig.run(netbox_sync=refuse)
    await rig.scan(SERVER)
    await given_up(rig, 1)


@pytest.mark.parametrize("columns", ["80", "110"])
@pytest.mark.usefixtures("refused")
async def test_what_failed_is_told_whole(cli: Cli, columns: str) -> None:
    listed = (await cli("dead-letters", "list", COLUMNS=columns)).stdout
    assert says(listed, REASON, CULPRIT)
    shown = (await cli("dead-letters", "show", "1", COLUMNS=columns)).stdout
    assert CULPRIT in re.sub(r"\s+", "", shown)
    assert says((await cli("servers", COLUMNS=columns)).stdout, SERVER, REASON)
    assert says((await cli("show", SERVER, COLUMNS=columns)).stdout, REASON, "step-failed")
    assert says((await cli("replay", "1", "--dry-run", COLUMNS=columns)).stdout, SERVER, REASON)
    again = (await cli("replay", "1", code=1, COLUMNS=columns)).stdout
    assert says(again, SERVER, f"{REASON} (now dead letter 2)")
    assert "…" not in listed + shown + again


@pytest.mark.parametrize("columns", ["80", "110"])
async def test_what_differs_is_told_whole(rig: Rig, cli: Cli, answering: Answers, columns: str) -> None:
    await enrolled(rig, SERVER)
    await answering(kea_sync=lambda _: verdict(Would.CREATE, "x", "kea_sync", LOST))
    assert says((await cli("check", code=1, COLUMNS=columns)).stdout, SERVER, LOST)
    assert says(
        (await cli("replay", "--step", "kea_sync", "--dry-run", COLUMNS=columns)).stdout, SERVER, LOST
    )


@pytest.mark.parametrize("columns", ["80", "110"])
async def test_how_nats_stands_is_told_whole(cli: Cli, columns: str) -> None:
    status = (await cli("streams", "status", COLUMNS=columns)).stdout
    assert says(status, "ONBOARDING", "KV_REFERENCE", "DEAD_LETTERS")
    assert says(status.partition("Consumer")[2], "netbox_status", "vault_writer")
    doctor = (await cli("doctor", code=1, COLUMNS=columns)).stdout
    assert says(
        doctor, "set ONRAMP_NATS_MONITOR_URL (http://HOST:8222), or see that its configuration says it"
    )
    assert "…" not in status + doctor


@pytest.mark.parametrize("columns", ["80", "110"])
@pytest.mark.usefixtures("refused")
async def test_what_is_watched_is_told_whole(cli: Cli, columns: str) -> None:
    shown = (await cli("watch", "--server", SERVER, code=1, COLUMNS=columns)).stdout
    assert f"{SERVER} has not ended: failed: {REASON}" in shown


@pytest.mark.parametrize("columns", [80, 110])
@pytest.mark.usefixtures("refused")
async def test_the_live_table_cuts_nothing(rig: Rig, columns: int) -> None:
    status = fold([stored async for stored in rig.stream.read(f"onboarding.*.*.{SERVER}")])
    assert status
    console = Console(width=columns, file=StringIO())
    with console.capture() as captured:
        console.print(drawn([status]))
    assert says(captured.get(), SERVER, REASON, "failed")
    assert "…" not in captured.get()
