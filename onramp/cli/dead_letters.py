"""`onramp dead-letters`: what failed and waits for a person."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from rich.text import Text

from events.dead_letters import DeadLetter
from events.replays import InFlight, Replays
from onramp.cli.connection import connected
from onramp.cli.durations import Since, clock
from onramp.cli.letters import (
    Ids,
    Letter,
    Reason,
    Selection,
    Service,
    Site,
    passed_over,
    selected,
)
from onramp.cli.operating import AskedWhy, Yes, agreed, replays_on, told
from onramp.cli.output import NOT_WELL, Json, console, counted, errors, print_json, run, uncut

app = typer.Typer(help="What failed and waits for a person.", no_args_is_help=True)

Superseded = Annotated[bool, typer.Option("--superseded", help="Only those that a newer scan overtook.")]

IDS_SHOWN = 8


@app.command("list")
def list_(
    service: Service = None,
    reason: Reason = None,
    site: Site = None,
    since: Since = None,
    superseded: Superseded = False,
    as_json: Json = False,
) -> None:
    """What failed, grouped by service and reason.

    [dim]$[/] onramp dead-letters list --service kea_sync --since 2h
    """
    run(_list(Selection((), service, reason, site, since, superseded), as_json))


@app.command()
def show(id: Annotated[int, typer.Argument(help="As the list shows it.")], as_json: Json = False) -> None:
    """One dead letter, with its whole message. A password in it is sealed.

    [dim]$[/] onramp dead-letters show 17
    """
    run(_show(id, as_json))


@app.command()
def discard(
    ids: Ids = None,
    superseded: Superseded = False,
    why: AskedWhy = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Give dead letters up: their onboardings end as discarded, with who and why. Exit code 1 if any stays.

    [dim]$[/] onramp dead-letters discard 17 --why "scrapped"
    [dim]$[/] onramp dead-letters discard --superseded --yes --why "scanned again"
    """
    which = Selection(ids=tuple(ids or ()), superseded=superseded)
    if not which.names_any:
        raise typer.BadParameter("name ids, or --superseded")
    run(_discard(which, told(why), yes, as_json))


async def _list(which: Selection, as_json: bool) -> int:
    async with connected() as stream:
        found = await selected(stream, which)
    print_json([letter.row() for letter in found]) if as_json else console.print(_table(found))
    return 0


async def _show(id: int, as_json: bool) -> int:
    async with connected() as stream:
        replays = replays_on(stream)
        letter = await replays.find(id)
        found = Letter(letter, await replays.superseded(letter))
    whole = {**found.row(), "headers": dict(letter.stored.headers), "message": _message(letter)}
    if as_json:
        print_json(whole)
    else:
        console.print(_fields(found.row()))
        console.print_json(data=whole["message"], default=str)
    return 0


async def _discard(which: Selection, why: str, yes: bool, as_json: bool) -> int:
    async with connected() as stream:
        found = await selected(stream, which)
        if not yes and found:
            errors.print(_table(found))
            agreed(f"Discard {len(found)}?")
        replays = replays_on(stream)
        results = [await _discarded(replays, letter.letter, why) for letter in found]
        results += [asdict(each) for each in await passed_over(stream, which, found)]
    if as_json:
        print_json(results)
    else:
        for result in results:
            console.print(
                f"{result['id']} {result['state']}: {result['reason']}", markup=False, highlight=False
            )
    return 0 if all(result["state"] == "discarded" for result in results) else NOT_WELL


async def _discarded(replays: Replays, letter: DeadLetter, why: str) -> Mapping[str, object]:
    try:
        await replays.discard(letter, why)
    except InFlight as busy:
        return {"id": letter.id, "server": letter.server, "state": "in flight", "reason": str(busy)}
    return {"id": letter.id, "server": letter.server, "state": "discarded", "reason": letter.failure.reason}


def _message(letter: DeadLetter) -> Any:
    try:
        return json.loads(letter.stored.data)
    except ValueError:
        return letter.stored.data.decode(errors="backslashreplace")


def _fields(row: Mapping[str, Any]) -> Table:
    table = Table(Column(), Column(overflow="fold"), show_header=False, box=None)
    for name, value in row.items():
        table.add_row(Text(name.replace("_", " "), "dim"), Text("" if value is None else str(value)))
    return table


def grouped(found: Sequence[Letter]) -> Mapping[tuple[str, str], Sequence[Letter]]:
    """By service and reason."""
    groups: dict[tuple[str, str], list[Letter]] = defaultdict(list)
    for letter in found:
        groups[letter.letter.service, letter.letter.failure.reason].append(letter)
    return groups


def _table(found: Sequence[Letter]) -> Table:
    table = uncut("Service", "Reason", "Culprit", "Count", "First and last failure", "Ids")
    for (service, reason), letters in grouped(found).items():
        table.add_row(service, Text(reason), *map(Text, _group(letters)))
    table.caption = counted(len(found), "dead letter")
    return table


def _group(letters: Sequence[Letter]) -> tuple[str, ...]:
    those = [found.letter for found in letters]
    overtaken = sum(found.superseded for found in letters)
    first = min((t.first_failure for t in those if t.first_failure), default=None)
    last = max((t.last_failure for t in those if t.last_failure), default=None)
    ids = " ".join(str(letter.id) for letter in those[:IDS_SHOWN])
    more = f" and {len(those) - IDS_SHOWN} more" if len(those) > IDS_SHOWN else ""
    attempts = max(letter.attempts for letter in those)
    count = f"{len(those)}, tried {attempts}×" + (f", {overtaken} superseded" if overtaken else "")
    culprits = ", ".join(sorted({letter.failure.culprit for letter in those if letter.failure.culprit}))
    return culprits, count, "\n".join(dict.fromkeys((clock(first), clock(last)))), ids + more
