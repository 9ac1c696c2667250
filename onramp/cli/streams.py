"""`onramp streams`: make the streams, buckets and consumers as they must be, and see how they stand."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

import typer
from nats.js.errors import NotFoundError
from rich.table import Table
from rich.text import Text

from events.applying import Applier, Change
from events.backlog import oldest
from events.steps import steps
from events.store_errors import translated
from events.stream import Stream
from events.streams import stream_configs
from onramp.cli.connection import connected
from onramp.cli.durations import spelled
from onramp.cli.operating import operations_on
from onramp.cli.output import NOT_WELL, Json, console, print_json, run, uncut

app = typer.Typer(help="The streams, buckets and consumers in NATS.", no_args_is_help=True)

_STYLES = {"create": "green", "update": "yellow", "unchanged": "dim", "blocked": "bold red"}


@app.command()
def apply(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    start_at: Annotated[
        list[str] | None,
        typer.Option(metavar="STEP=SEQ", help="Where a consumer begins whose progress nobody knows."),
    ] = None,
    replicas: Annotated[
        int | None, typer.Option(envvar="ONRAMP_REPLICAS", help="3 on a cluster; 1 at first if not given.")
    ] = None,
    ack_wait: Annotated[
        float | None,
        typer.Option(envvar="ONRAMP_ACK_WAIT", help="Seconds, as the services have it; 30 at first."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make and update them. Exit code 1 when something can't be done.

    What stands keeps its replicas, ack wait and, but for ONBOARDING, bounds, unless others are named here.

    [dim]$[/] onramp streams apply --dry-run
    [dim]$[/] onramp streams apply --start-at kea_sync=1200
    """
    run(_apply(dry_run, _sequences(start_at or []), replicas, ack_wait, as_json))


@app.command()
def status(as_json: Json = False) -> None:
    """How much each stream holds, how far each step has come. Exit code 1 when one is missing.

    [dim]$[/] onramp streams status
    """
    run(_status(as_json))


async def _apply(
    dry_run: bool, start_at: dict[str, int], replicas: int | None, ack_wait: float | None, as_json: bool
) -> int:
    async with connected() as stream:
        applier = Applier(stream, replicas=replicas, ack_wait=ack_wait, dry_run=dry_run)
        changes = [change async for change in applier.apply(start_at)]
        for change in changes if not dry_run else ():
            if change.action in {"create", "update"}:
                await operations_on(stream).note(
                    f"streams-{change.action}", change.name, "", detail=change.detail
                )
    print_json([asdict(change) for change in changes]) if as_json else console.print(
        _changes(changes, dry_run)
    )
    return NOT_WELL if any(change.action == "blocked" for change in changes) else 0


async def _status(as_json: bool) -> int:
    async with connected() as stream:
        streams = [await _stream(stream, str(config.name)) for config in stream_configs()]
        consumers = [await _consumer(stream, name) for name in steps()]
    if as_json:
        print_json({"streams": streams, "consumers": consumers})
    else:
        console.print(_table("Stream", streams), _table("Consumer", consumers))
    missing = any(row["state"] == "missing" for row in (*streams, *consumers))
    return NOT_WELL if missing else 0


async def _stream(stream: Stream, name: str) -> dict[str, object]:
    try:
        async with translated():
            state = (await stream.jetstream.stream_info(name)).state
    except NotFoundError:
        return {"name": name, "state": "missing"}
    return {
        "name": name,
        "state": "there",
        "messages": state.messages,
        "bytes": state.bytes,
        "last": state.last_seq,
    }


async def _consumer(stream: Stream, name: str) -> dict[str, object]:
    try:
        async with translated():
            info = await stream.jetstream.consumer_info(stream.name, name)
    except NotFoundError:
        return {"name": name, "state": "missing"}
    waits = await oldest(stream, info.config.filter_subjects or [], info)
    return {
        "name": name,
        "state": "there",
        "lag": info.num_pending,
        "in hand or waiting": info.num_ack_pending,
        "oldest waits": spelled(timedelta(seconds=waits)) if waits else "",
        "redelivered": info.num_redelivered,
        "done up to": info.ack_floor.stream_seq if info.ack_floor else 0,
    }


def _table(kind: str, rows: list[dict[str, object]]) -> Table:
    keys = max(rows, key=len)
    table = uncut(kind, *list(keys)[1:])
    for row in rows:
        style = "bold red" if row["state"] == "missing" else None
        table.add_row(*(str(row.get(key, "")) for key in keys), style=style)
    return table


def _changes(changes: list[Change], dry_run: bool) -> Table:
    table = uncut("", "Name", "Would be done" if dry_run else "Done", "")
    for change in changes:
        table.add_row(
            change.kind, change.name, change.action, Text(change.detail), style=_STYLES[change.action]
        )
    return table


def _sequences(given: list[str]) -> dict[str, int]:
    try:
        pairs = [text.split("=") for text in given]
        sequences = {step: int(sequence) for step, sequence in pairs}
    except ValueError:
        raise typer.BadParameter("STEP=SEQUENCE is wanted, as in kea_sync=1200") from None
    unknown = sequences.keys() - steps().keys()
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}: no such step of {', '.join(steps())}")
    return sequences
