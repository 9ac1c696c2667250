"""How every command says things: tables for people, `--json` for scripts, exit codes that mean something.

====  =================================================================
0     done, and all is well
1     done, and something is not as it should be: the output says what
2     used wrongly
3     NATS, or the service that was asked, does not answer
4     refused, for the reason that is printed
====  =================================================================
"""

import asyncio
import json
from collections.abc import Coroutine
from datetime import datetime
from typing import Annotated, Any, NoReturn

import typer
from nats.js.errors import NotFoundError
from rich.console import Console
from rich.table import Column, Table

from events.errors import Refuse
from events.replays import InFlight
from events.store_errors import StoreError
from onramp.cli.connection import NotConnected

NOT_WELL, NO_ANSWER, REFUSED = 1, 3, 4

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

console = Console()
errors = Console(stderr=True)


class Refused(Exception):
    """What was asked for won't be done; says why."""


class NoAnswer(Exception):
    """A service that was asked does not answer; says which."""


def run(command: Coroutine[Any, Any, int]) -> NoReturn:
    """Run a command to its exit code; what goes wrong on the way is one line."""
    try:
        code = asyncio.run(command)
    except (NotConnected, StoreError, NoAnswer) as failure:
        code = _said(failure, NO_ANSWER)
    except NotFoundError as missing:
        code = _said(f"NATS says {missing.description}: run `onramp streams apply`", NO_ANSWER)
    except (Refused, Refuse, InFlight) as refusal:
        code = _said(refusal, REFUSED)
    raise typer.Exit(code)


def _said(failure: Exception | str, code: int) -> int:
    errors.print(f"onramp: {failure}", style="red", markup=False, highlight=False, soft_wrap=True)
    return code


def print_json(value: object) -> None:
    """For scripts: one document, nothing around it."""
    typer.echo(json.dumps(value, indent=2, default=_plain))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def uncut(*headers: str) -> Table:
    """A table that cuts nothing: what has no room in its line goes on in the next."""
    return Table(*(Column(header, overflow="fold") for header in headers), border_style="dim")


def counted(count: int, thing: str) -> str:
    """`1 server`, `2 servers`."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
