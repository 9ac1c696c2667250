"""`onramp purge`: all that the streams hold of one server is removed, the one way to unsay a secret."""

from typing import Annotated

import typer

from events.store_errors import translated
from events.stream import Stream
from events.subjects import DEAD_LETTERS, event_of_any_site
from onramp.cli.connection import connected
from onramp.cli.operating import AskedWhy, Yes, agreed, operations_on, told
from onramp.cli.output import Json, Refused, console, print_json, run


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
    run(_purge(server.strip().lower(), why, yes, as_json))


async def _purge(server: str, why: str | None, yes: bool, as_json: bool) -> int:
    async with connected() as stream:
        letters = Stream(stream.client, DEAD_LETTERS)
        subjects = {
            stream: (event_of_any_site("*", server), f"onboarding.replay.*.*.{server}"),
            letters: (f"dead.*.*.{server}.*",),
        }
        standing = {each.name: sum([await each.count(s) for s in subjects[each]]) for each in subjects}
        said = ", ".join(f"{count} from {name}" for name, count in standing.items())
        if not any(standing.values()):
            raise Refused(f"the streams hold nothing of {server}")
        if not yes:
            agreed(f"Remove all that stands of {server}, for good: {said}?")
        await operations_on(stream).note("purge", server, told(why))
        for each, theirs in subjects.items():
            for subject in theirs:
                async with translated():
                    await stream.jetstream.purge_stream(each.name, subject=subject)
    print_json(standing) if as_json else console.print(f"removed {said}", highlight=False)
    return 0
