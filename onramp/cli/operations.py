"""`onramp operations`: what operators changed, who did it, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from events.operations import Operation, done
from onramp.cli.connection import connected
from onramp.cli.durations import Since, clock
from onramp.cli.output import Json, console, counted, print_json, run, uncut
from onramp.cli.servers import Servers

Who = Annotated[str | None, typer.Option(help="Only operators whose name contains this.")]


@dataclass(frozen=True)
class Selection:
    """What is empty or `None` lets every one through."""

    servers: Sequence[str] = ()
    who: str | None = None
    since: Since = None

    def lets_through(self, operation: Operation) -> bool:
        """Whether it is one of them."""
        return (
            (not self.servers or operation.target in self.servers)
            and (self.who or "").casefold() in operation.by.casefold()
            and (self.since is None or operation.at >= self.since)
        )


def operations(server: Servers = None, who: Who = None, since: Since = None, as_json: Json = False) -> None:
    """What operators changed: who did it, when and why, the newest last.

    Replays, discards, purges, changes of keys and of streams; what people do through intake too.

    [dim]$[/] onramp operations --since 1d
    [dim]$[/] onramp operations --server dcoa-ra07u45 --who ann
    """
    servers = tuple(name.strip().lower() for name in server or ())
    run(_operations(Selection(servers, who, since), as_json))


async def _operations(which: Selection, as_json: bool) -> int:
    async with connected() as stream:
        found = [operation async for operation in done(stream) if which.lets_through(operation)]
    print_json([each.model_dump(mode="json") for each in found]) if as_json else console.print(_table(found))
    return 0


def _table(found: Sequence[Operation]) -> Table:
    table = uncut("When", "Who", "What", "Of", "Why", "Details")
    for each in found:
        details = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in each.details.items())
        told = (clock(each.at), each.by, each.verb, each.target, each.why, details)
        table.add_row(*map(Text, told))
    table.caption = counted(len(found), "operation")
    return table
