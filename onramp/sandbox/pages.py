"""What the sandbox prints around its live table: where things are, what they hold, where to look next."""

from collections.abc import Sequence

from rich.columns import Columns
from rich.console import Console
from rich.table import Table

from onramp.sandbox.demo import Demo
from onramp.sandbox.holdings import holdings
from onramp.sandbox.story import Chapter
from onramp.sandbox.system import System

_TRY = """[bold]Where to look next[/]  (Ctrl-C ends everything)

  The API, as OpenAPI             {intake}/openapi.json
  Where a server stands           {intake}/api/v1/servers/edge-07/status
  What a service is ready for     {kea_sync}/readyz
  What it counted                 {kea_sync}/metrics
  The logs of every process       {folder}

  The command line, in another terminal:

    export ONRAMP_NATS_URL={nats_url} ONRAMP_NATS_USER=operator ONRAMP_NATS_PASSWORD={password}
    export ONRAMP_INTAKE_URL={intake}
    .venv/bin/onramp servers
    .venv/bin/onramp dead-letters list
    .venv/bin/onramp doctor

  A server of your own:

    curl -s {intake}/api/v1/servers/register -H 'Content-Type: application/json' -d \\
      '{{"device_name": "mine", "bmc_mac": "3cecef000001", "bmc_password": "x", "bmc_ip": "10.16.28.99"}}'
"""


def addresses(system: System) -> Table:
    """Which backends the services stand on."""
    table = Table.grid(padding=(0, 2))
    for what, where in [("NATS (a real one)", system.nats_url), *system.backends.described()]:
        table.add_row(f"[bold]{what}[/]", f"[dim]{where}[/]")
    return table


async def summary(console: Console, demo: Demo, chapters: Sequence[Chapter], wrong: Sequence[str]) -> None:
    """What each backend holds now, and whether the story came out as it says."""
    servers = list(dict.fromkeys(chapter.server for chapter in chapters))
    await demo.ask_services(servers)
    console.print()
    console.rule("What each backend holds now", style="dim")
    console.print(Columns(await holdings(demo.system.backends, servers), padding=(1, 4, 0, 0)))
    console.print()
    for line in wrong:
        console.print(f"✗ {line}", style="red", markup=False, highlight=False)
    if not wrong:
        console.print(f"[bold green]✓ All {len(chapters)} scans came out as expected.[/]\n")


def where_next(system: System) -> str:
    """Commands and addresses to go on with."""
    return _TRY.format(
        **system.urls,
        folder=system.folder,
        nats_url=system.nats_url,
        password=system.users.passwords["operator"],
    )
