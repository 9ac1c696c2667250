"""`onramp purge`: all that the streams hold of one server is removed, the one way to unsay a secret."""

from typing import Annotated

import typer

from events.store_errors import translated
from events.stream import Stream
from events.subjects import DEAD_LETTERS, event_of_any_site
from onramp.cli.connection import connected
from onramp.cli.operating import AskedWhy, Yes, operations_on
from onramp.cli.output import Json, console, print_json, run


def purge(
    server: Annotated[str, typer.Argument(help="The server's name.")],
    why: AskedWhy = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Remove all that the streams hold of one server: for administrators, and never undone.

    What backends hold stays. The server is unknown afterwards, until it is scanned again.

    [dim]$[/] onramp purge dcoa-ra07u45 --why "a password was typed into its asset tag"
    """
    if not yes:
        typer.confirm(f"Remove every event and dead letter of {server}, for good?", abort=True)
    run(_purge(server.strip().lower(), why or typer.prompt("Why"), as_json))


async def _purge(server: str, why: str, as_json: bool) -> int:
    async with connected() as stream:
        letters = Stream(stream.client, DEAD_LETTERS)
        await operations_on(stream).note("purge", server, why)
        removed = {
            stream.name: await _removed(stream, event_of_any_site("*", server))
            + await _removed(stream, f"onboarding.replay.*.*.{server}"),
            letters.name: await _removed(letters, f"dead.*.*.{server}.*"),
        }
    said = ", ".join(f"{count} from {name}" for name, count in removed.items())
    print_json(removed) if as_json else console.print(f"removed {said}", highlight=False)
    return 0


async def _removed(stream: Stream, subject: str) -> int:
    """How many messages were removed."""
    count = 0
    async for _stored in stream.read(subject):
        count += 1
    async with translated():
        await stream.jetstream.purge_stream(stream.name, subject=subject)
    return count
