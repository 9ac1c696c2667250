"""`onramp servers` and `onramp show`: where every server stands, and one server's whole story."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from events.status import State
from onramp.cli.connection import connected
from onramp.cli.durations import span, spelled
from onramp.cli.output import Json, Refused, console, counted, print_json, run, uncut
from onramp.cli.standing import Filter, Server, every_server
from onramp.cli.timeline import drawn, read, told
from onramp.live.table import STATES

Sites = Annotated[list[str] | None, typer.Option("--site", help="Only this site; may be repeated.")]
Servers = Annotated[list[str] | None, typer.Option("--server", help="Only this server; may be repeated.")]


def servers(
    site: Sites = None,
    state: Annotated[list[State] | None, typer.Option(help="Only this state; may be repeated.")] = None,
    step: Annotated[list[str] | None, typer.Option(help="Only those whose turn this step is.")] = None,
    waiting_longer_than: Annotated[
        timedelta | None,
        typer.Option(parser=span, metavar="SPAN", help="Only those that have waited for 30m, 2h, 1d."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Where every server stands.

    [dim]$[/] onramp servers --state failed --state delayed
    [dim]$[/] onramp servers --site dcoa --step kea_sync --waiting-longer-than 30m
    """
    run(_servers(Filter(site or (), (), state or (), step or ()), waiting_longer_than, as_json))


def show(server: Annotated[str, typer.Argument(help="The server's name.")], as_json: Json = False) -> None:
    """One server's story: each event, how long each step took, each delay and why, scan by scan.

    [dim]$[/] onramp show dcoa-ra07u45
    """
    run(_show(server.strip().lower(), as_json))


async def _servers(which: Filter, longer: timedelta | None, as_json: bool) -> int:
    async with connected() as stream:
        meant = [server async for server in every_server(stream) if which.lets_through(server.status)]
    found = [server for server in meant if longer is None or server.waits_for > longer]
    print_json([_row(server) for server in found]) if as_json else console.print(_table(found))
    return 0


async def _show(server: str, as_json: bool) -> int:
    async with connected() as stream:
        story = await read(stream, server)
    if story is None:
        raise Refused(f"no scan of {server} stands in the stream")
    print_json(told(story)) if as_json else console.print(*drawn(story), sep="\n")
    return 0


def _row(server: Server) -> dict[str, object]:
    return {
        **asdict(server.status),
        "step": server.status.at,
        "waiting_since": server.waiting_since,
        "settled": server.status.settled,
    }


def _table(found: list[Server]) -> Table:
    table = uncut("Server", "Site", "State", "Step", "Waits", "Why")
    for server in found:
        status = server.status
        waits = "" if status.ended else spelled(server.waits_for)
        state = Text(status.state, STATES[status.state])
        table.add_row(status.server, status.site, state, status.at or "", waits, Text(status.reason))
    table.caption = counted(len(found), "server")
    return table
