"""`onramp replay --step`: a step is run again for servers that passed it, where its backend lost something.

What differs without being lost (a password that was rotated by hand) is listed and not touched, unless
`--overwrite` says so; so are servers that never passed the step, and those whose password no key opens.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from events.asking import ask
from events.errors import Refuse
from events.fold import SILENT
from events.seal import kid_of
from events.steps import steps
from events.store_errors import Overtaken
from events.stream import Stream
from events.verdicts import Would
from onramp.cli.asking import question
from onramp.cli.connection import connected
from onramp.cli.operating import replays_on
from onramp.cli.output import NOT_WELL, console, errors, print_json
from onramp.cli.replaying import Pace
from onramp.cli.standing import Filter, Server, every_server, one_server

OPENS_SEALS = "vault_writer"
"""The step that needs the private key of what it is sent."""

OVERWRITTEN = {Would.CHANGE, Would.NOTHING}
"""Sent with `--overwrite` only. What is so already too: nobody but the step itself compares passwords."""


@dataclass(frozen=True)
class Wanted:
    """What shall be run again."""

    step: str
    servers: Sequence[str]
    site: str | None
    overwrite: bool
    why: str
    rate: float


@dataclass(frozen=True)
class Line:
    """What is known and made of one server."""

    server: str
    state: str
    """`lost`, `differs`, `already so`, `not passed`, `scan again`, `refused`, `unreachable`, `skipped`."""
    reason: str
    changes: tuple[str, ...] = ()
    send: bool = False
    sent: bool = False


_STATES = {
    Would.CREATE: "lost",
    Would.CHANGE: "differs",
    Would.NOTHING: "already so",
    Would.SKIP: "skipped",
    Would.DEPENDS: "skipped",
    Would.REFUSE: "refused",
    Would.UNKNOWN: "unreachable",
}
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
        kids = await _standing_keys(stream)
        lines = [await _line(stream, wanted, server, kids) async for server in _servers(stream, wanted)]
        if not dry_run:
            lines = await _sent(stream, wanted, lines, as_json)
    print_json([asdict(line) for line in lines]) if as_json else _report(lines, wanted, dry_run)
    return NOT_WELL if any(line.state in _TROUBLE for line in lines) else 0


async def _servers(stream: Stream, wanted: Wanted) -> AsyncIterator[Server]:
    """Those that are named; each of them must have been scanned. Without names, all."""
    for name in wanted.servers:
        server = await one_server(stream, name.strip().lower())
        if server is None:
            raise Refuse(f"no scan of {name} stands in the stream")
        yield server
    if not wanted.servers:
        which = Filter(sites=[wanted.site] if wanted.site else [])
        async for server in every_server(stream):
            if which.lets_through(server.status):
                yield server


async def _line(stream: Stream, wanted: Wanted, server: Server, kids: set[str]) -> Line:
    name = server.status.server
    if not server.passed(wanted.step):
        return Line(name, "not passed", f"its newest scan has not come through: {server.status.reason}")
    if wanted.step == OPENS_SEALS and (kid := _sealed_to(server)) not in kids:
        return Line(name, "scan again", f"its password is sealed to the key {kid}, which is gone")
    if wanted.step in SILENT:
        return Line(name, "lost", "this step answers no question, and looks by itself", send=True)
    verdict = await ask(stream.client, wanted.step, question(server))
    send = verdict.would is Would.CREATE or (wanted.overwrite and verdict.would in OVERWRITTEN)
    return Line(name, _STATES[verdict.would], verdict.reason, verdict.changes, send)


async def _sent(stream: Stream, wanted: Wanted, lines: Sequence[Line], as_json: bool) -> list[Line]:
    pace, done = Pace(wanted.rate), []
    with Progress(console=errors, transient=True, disable=as_json) as progress:
        for line in progress.track(lines, description="sent"):
            if line.send:
                await pace.wait()
                line = await _send(stream, wanted, line)
            done.append(line)
    return done


async def _send(stream: Stream, wanted: Wanted, line: Line) -> Line:
    try:
        waits_for = steps()[wanted.step].waits_for
        await replays_on(stream).again(wanted.step, waits_for, line.server, wanted.why, {})
    except Refuse as refusal:
        return Line(line.server, "not passed", refusal.reason)
    except Overtaken:
        return Line(line.server, "refused", "another message to this step came first: try again")
    return Line(line.server, line.state, line.reason, line.changes, send=True, sent=True)


async def _standing_keys(stream: Stream) -> set[str]:
    """The ids of the keys that still open, retired ones too."""
    bucket = Stream(stream.client, "KV_KEYS")
    records = [stored async for stored in bucket.read("$KV.KEYS.>")]
    return {stored.subject.removeprefix("$KV.KEYS.") for stored in records if stored.data}


def _sealed_to(server: Server) -> str:
    """The key that its password is sealed to; empty where there is no telling."""
    stored = server.events.get(steps()[OPENS_SEALS].waits_for)
    try:
        event: Any = stored.decoded().event if stored else None
        return kid_of(event.sealed_password)
    except (Refuse, AttributeError, ValueError):
        return ""


def _report(lines: Sequence[Line], wanted: Wanted, dry_run: bool) -> None:
    table = Table("Server", wanted.step, "", "Difference", border_style="dim")
    for line in lines:
        done = "sent" if line.sent else "would be sent" if line.send and dry_run else ""
        said = "; ".join(line.changes) or line.reason
        table.add_row(line.server, Text(line.state, _STYLES.get(line.state, "")), done, Text(said))
    counts = Counter(line.state for line in lines)
    table.caption = ", ".join(f"{count} {state}" for state, count in counts.items()) or "no server"
    console.print(table)
    if any(line.state in {"differs", "already so"} and not line.send for line in lines):
        console.print("What differs or is so already was not touched: --overwrite does.", style="dim")
