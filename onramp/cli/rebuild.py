"""`onramp replay --step`: a step is run again for servers that passed it, where its backend lost something.

What differs without being lost (a password that was rotated by hand) is listed and not touched, unless
`--overwrite` says so; so are servers that never passed the step, and those whose password no key opens.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace

from rich.text import Text

from events.replays import Replays
from events.steps import steps
from onramp.cli.connection import connected
from onramp.cli.operating import replays_on
from onramp.cli.output import NOT_WELL, console, print_json, uncut
from onramp.cli.rebuilding import Line, Wanted, lines
from onramp.cli.replaying import OUTCOMES, Order, Outcome, Replaying

_TROUBLE = {"refused", "unreachable", "scan again"}
_STYLES = {
    "lost": "yellow",
    "differs": "magenta",
    "already so": "dim",
    "refused": "red",
    "unreachable": "red",
}


async def run(wanted: Wanted, dry_run: bool, as_json: bool) -> int:
    """Ask about every server that is meant, and send to the step those that need it."""
    async with connected() as stream:
        found = await lines(stream, wanted)

        def report(outcomes: Sequence[Outcome]) -> None:
            by_server = {outcome.server: outcome for outcome in outcomes}
            _report([_with(line, by_server.get(line.server)) for line in found], wanted, dry_run, as_json)

        replays = replays_on(stream)
        orders = [_order(replays, wanted, line) for line in found if line.send and not dry_run]
        outcomes = await Replaying(stream, wanted.rate).follow(orders, report, quiet=as_json)
    trouble = any(line.state in _TROUBLE for line in found)
    return NOT_WELL if trouble or any(outcome.state != "succeeded" for outcome in outcomes) else 0


def _order(replays: Replays, wanted: Wanted, line: Line) -> Order:
    waits_for = steps()[wanted.step].waits_for
    return Order(
        wanted.step, line.server, lambda: replays.again(wanted.step, waits_for, line.server, wanted.why, {})
    )


def _with(line: Line, outcome: Outcome | None) -> Line:
    """What is known of it after it was sent."""
    if outcome is None:
        return line
    reason = outcome.reason or line.reason
    return replace(line, outcome=outcome.state, reason=reason, dead_letter=outcome.dead_letter)


def _report(lines: Sequence[Line], wanted: Wanted, dry_run: bool, as_json: bool) -> None:
    if as_json:
        return print_json([asdict(line) for line in lines])
    table = uncut("Server", wanted.step, "Sent", "Difference")
    for line in lines:
        done = line.outcome or ("would be sent" if line.send and dry_run else "")
        said = [*line.changes, *([] if line.changes and line.outcome in {"", "succeeded"} else [line.reason])]
        new = [f"now dead letter {line.dead_letter}"] if line.dead_letter else []
        state = Text(line.state, _STYLES.get(line.state, ""))
        table.add_row(line.server, state, Text(done, OUTCOMES.get(done, "")), Text("\n".join([*said, *new])))
    counts = Counter(line.state for line in lines) + Counter(line.outcome for line in lines if line.outcome)
    table.caption = ", ".join(f"{count} {state}" for state, count in counts.items()) or "no server"
    console.print(table)
    if any(line.state in {"differs", "already so"} and not line.send for line in lines):
        console.print("What differs or is so already was not touched: --overwrite does.", style="dim")
    return None
