"""`onramp sandbox`: the whole system on this machine."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

WIDTH = 120
"""Columns where nobody can tell: in a log."""


def sandbox(
    servers: Annotated[
        Path | None,
        typer.Option(
            help="Scan these servers, as examples/servers.json has them.", exists=True, dir_okay=False
        ),
    ] = None,
    once: Annotated[
        bool, typer.Option("--once", help="End when all have settled: 0 if as the file expects, else 1.")
    ] = False,
) -> None:
    """Run NATS, OpenBao, the five services and the backends (real ones, where the environment names them).

    [dim]$[/] onramp sandbox
    [dim]$[/] onramp sandbox --servers examples/servers.json --once
    """
    from onramp.sandbox import run, story  # The sandbox's packages are an extra of their own.

    try:
        chapters = story.read(servers) if servers else []
    except ValueError as error:
        raise typer.BadParameter(f"{servers}: {error}") from None
    console = Console()
    if not console.is_terminal:
        console.width = WIDTH
    raise typer.Exit(run.run(chapters, once=once, console=console))
