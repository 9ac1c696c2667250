"""Acting as an operator: whatever changes something is recorded, with who, when and why."""

from typing import Annotated

import typer

from events.operations import Operations
from events.replays import Replays
from events.stream import Stream
from onramp.cli.access import access

Why = Annotated[str, typer.Option(help="Why, for the record.")]
AskedWhy = Annotated[str | None, typer.Option("--why", help="Why, for the record. Asked for if not given.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def agreed(question: str) -> None:
    """Ask, beside the output, before something is done that is not undone. Ends the command on a no."""
    typer.confirm(question, abort=True, err=True)


def told(why: str | None) -> str:
    """Why, asked for beside the output where it was not given."""
    return why or str(typer.prompt("Why", err=True))


def operations_on(stream: Stream) -> Operations:
    """What this operator does."""
    return Operations(stream, access().operator)


def replays_on(stream: Stream) -> Replays:
    """What this operator sends again or gives up."""
    return Replays(stream, operations_on(stream))
