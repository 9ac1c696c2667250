"""`onramp doctor`: whether everything that onboarding rests on is as it must be, and what to do if not."""

from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table
from rich.text import Text

from onramp.cli.connection import NotConnected, connected
from onramp.cli.output import NOT_WELL, Json, console, print_json, run, uncut
from onramp.cli.probes import PROBES, Finding, Health, intake, probed, sync_interval

_STYLES = {Health.OK: "green", Health.ATTENTION: "yellow", Health.BROKEN: "bold red"}


def doctor(as_json: Json = False) -> None:
    """Test every connection, credential, permission, clock and stream setting, and say what to do.

    Nothing is changed by it. Exit code 1 when something is broken.

    [dim]$[/] ONRAMP_NATS_MONITOR_URL=http://nats:8222 onramp doctor
    """
    run(_doctor(as_json))


async def _doctor(as_json: bool) -> int:
    found = await _findings()
    print_json([asdict(finding) for finding in found]) if as_json else console.print(_table(found))
    return NOT_WELL if any(finding.health is Health.BROKEN for finding in found) else 0


async def _findings() -> list[Finding]:
    try:
        async with connected() as stream:
            return [finding for check in PROBES for finding in await probed(stream, check)]
    except NotConnected as error:
        nats = Finding("NATS", Health.BROKEN, error.found, error.do)
        return [nats, *await sync_interval(), *await intake()]


def _table(found: Sequence[Finding]) -> Table:
    table = uncut("Looked at", "", "Found", "What to do")
    for finding in found:
        health = Text(finding.health, _STYLES[finding.health])
        table.add_row(finding.check, health, Text(finding.found), Text(finding.do))
    return table
