"""`onramp replay`: failed messages go back to the one step that failed, or a step is run once more."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from events.dead_letters import DeadLetter
from events.replays import Replays
from events.steps import steps
from onramp.cli import rebuild
from onramp.cli.connection import connected
from onramp.cli.durations import Since
from onramp.cli.letters import Ids, Letter, Reason, Selection, Service, Site, passed_over, selected
from onramp.cli.operating import Why, replays_on
from onramp.cli.output import NOT_WELL, Json, console, print_json, run, uncut
from onramp.cli.rebuilding import Wanted
from onramp.cli.replaying import OUTCOMES, Order, Outcome, Replaying
from onramp.cli.servers import Servers

Rate = Annotated[
    float,
    typer.Option(envvar="ONRAMP_REPLAY_RATE", min=0.1, help="Messages a second."),
]


def replay(
    ids: Ids = None,
    service: Service = None,
    reason: Reason = None,
    site: Site = None,
    since: Since = None,
    step: Annotated[
        str | None, typer.Option(help="Rebuild: run this step again for servers that passed it.")
    ] = None,
    server: Servers = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Rebuild: also replace what differs or stands already.")
    ] = False,
    rate: Rate = 50.0,
    why: Why = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent.")] = False,
    as_json: Json = False,
) -> None:
    """Send dead letters to the step that failed, and report until each has succeeded or failed again.

    With --step: run one step again for servers that passed it, to rebuild a backend that lost its data.
    Exit code 1 when one failed again, or was not sent. Broken off, it says which are on their way still;
    they go on.

    [dim]$[/] onramp replay 17 18 --why "took the old one out"
    [dim]$[/] onramp replay --service kea_sync --reason "does not answer" --dry-run
    [dim]$[/] onramp replay --step kea_sync --site dcoa --rate 20 --why "kea-a lost its disk"
    """
    if step is not None:
        if ids or service or reason or since:
            raise typer.BadParameter("--step goes with --server and --site, not with dead letters")
        if step not in steps():
            raise typer.BadParameter(f"no such step of {', '.join(steps())}", param_hint="--step")
        wanted = Wanted(step, tuple(server or ()), site, overwrite, why, rate)
        run(rebuild.run(wanted, dry_run, as_json))
    which = Selection(tuple(ids or ()), service, reason, site, since)
    if not which.names_any:
        raise typer.BadParameter("name ids, --service, --reason, --site or --since")
    run(_replay(which, rate, why, dry_run, as_json))


async def _replay(which: Selection, rate: float, why: str, dry_run: bool, as_json: bool) -> int:
    async with connected() as stream:
        found = await selected(stream, which)
        over = [Outcome(o.id, "", "", o.state, o.reason) for o in await passed_over(stream, which, found)]
        if dry_run:
            print_json([letter.row() for letter in found]) if as_json else console.print(_would(found))
            return NOT_WELL if over else 0
        replays = replays_on(stream)
        orders = [order(replays, letter.letter, why) for letter in found]

        def report(outcomes: Sequence[Outcome]) -> None:
            _report([*over, *outcomes], as_json)

        outcomes = await Replaying(stream, rate).follow(orders, report, quiet=as_json)
    return NOT_WELL if over or any(outcome.state != "succeeded" for outcome in outcomes) else 0


def order(replays: Replays, letter: DeadLetter, why: str) -> Order:
    """A dead letter's replay."""
    return Order(letter.step, letter.server, lambda: replays.replay(letter, why), letter.id)


def _report(outcomes: Sequence[Outcome], as_json: bool) -> None:
    if as_json:
        return print_json([asdict(outcome) for outcome in outcomes])
    table = uncut("Id", "Step", "Server", "Result", "Why")
    for outcome in outcomes:
        new = f" (now dead letter {outcome.dead_letter})" if outcome.dead_letter else ""
        state = Text(outcome.state, OUTCOMES.get(outcome.state, "dim"))
        table.add_row(str(outcome.id), outcome.step, outcome.server, state, Text(outcome.reason + new))
    counts = Counter(outcome.state for outcome in outcomes)
    table.caption = ", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing to replay"
    return console.print(table)


def _would(found: Sequence[Letter]) -> Table:
    table = uncut("Id", "Step", "Server", "Would be sent", "Failed because")
    for each in found:
        letter = each.letter
        note = "and passed over: a newer scan stands" if each.superseded else f"to {letter.step} alone"
        table.add_row(str(letter.id), letter.step, letter.server, note, Text(letter.failure.reason))
    table.caption = f"{len(found)} would be sent"
    return table
