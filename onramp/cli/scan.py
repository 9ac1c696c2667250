"""`onramp scan` and `onramp import`: servers registered through intake."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from onramp.cli.access import access
from onramp.cli.output import NO_ANSWER, NOT_WELL, REFUSED, Json, console, errors, print_json, run
from onramp.cli.records import Record, UnreadableFile, duplicates, read
from onramp.cli.registering import Result, intake_at, validated

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what is wrong with it; send nothing.")]
Text = Annotated[str | None, typer.Option()]


def scan(
    bmc_mac: Annotated[str, typer.Option(help="The BMC's MAC, in any spelling.")],
    bmc_password: Annotated[
        str,
        typer.Option(
            envvar="ONRAMP_BMC_PASSWORD",
            prompt="BMC password",
            hide_input=True,
            help="Asked for when it is not given; what is typed here is seen in the list of processes.",
        ),
    ],
    device_name: Annotated[str | None, typer.Option(help="Made from the place when not given.")] = None,
    bmc_ip: Annotated[str | None, typer.Option(help="The BMC's address.")] = None,
    bmc_prefix: Annotated[str | None, typer.Option(help="Where NetBox finds it one.")] = None,
    bmc_username: Annotated[str | None, typer.Option(help="When it is not the default.")] = None,
    bmc_address: Annotated[str | None, typer.Option(help="Metal3's `bmc.address`.")] = None,
    boot_mac: Annotated[str | None, typer.Option(help="The boot NIC's MAC.")] = None,
    site: Text = None,
    location: Text = None,
    rack: Text = None,
    position: Text = None,
    device_type: Text = None,
    device_role: Text = None,
    tenant: Text = None,
    serial: Text = None,
    asset_tag: Text = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Register one server. Exit code 4 when intake refuses it.

    [dim]$[/] onramp scan --device-name edge-07 --bmc-mac 3c:ec:ef:a1:9c:e9 --bmc-ip 10.16.29.41
    """
    given = {name: value for name, value in locals().items() if name not in {"dry_run", "as_json"}}
    fields = {name: value for name, value in given.items() if value is not None}
    run(_scan(Record("this scan", fields), dry_run, as_json))


def import_(
    file: Annotated[Path, typer.Argument(help="JSON, YAML or CSV.", exists=True, dir_okay=False)],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Register every server of a file. Exit code 1 when any was refused; each of them is named, with why.

    [dim]$[/] onramp import servers.csv --dry-run
    [dim]$[/] onramp import servers.json
    """
    try:
        records = read(file)
    except UnreadableFile as error:
        raise typer.BadParameter(f"{file}: {error}") from None
    run(_import(records, dry_run, as_json))


async def _scan(record: Record, dry_run: bool, as_json: bool) -> int:
    [result] = await _registered([record], dry_run, lambda: None)
    print_json(asdict(result)) if as_json else _say_one(result)
    return {"refused": REFUSED, "unanswered": NO_ANSWER}.get(result.state, 0)


async def _import(records: Sequence[Record], dry_run: bool, as_json: bool) -> int:
    with Progress(console=errors, transient=True, disable=as_json) as progress:
        task = progress.add_task("registered", total=len(records))
        results = await _registered(records, dry_run, lambda: progress.advance(task))
    print_json([asdict(result) for result in results]) if as_json else _say_all(results)
    states = {result.state for result in results}
    return NO_ANSWER if "unanswered" in states else NOT_WELL if "refused" in states else 0


async def _registered(records: Sequence[Record], dry_run: bool, one_more: Callable[[], Any]) -> list[Result]:
    """Each record's result, in the order of the file. Those that claim the same thing are not sent."""
    twice = duplicates(records)
    results = {
        record.place: Result(record.place, record.name, "refused", reason=twice[record.place])
        for record in records
        if record.place in twice
    }
    rest = [record for record in records if record.place not in twice]
    if dry_run:
        results |= {record.place: validated(record) for record in rest}
    else:
        async with intake_at(access().intake_url) as intake:
            async for result in intake.register_all(rest):
                results[result.place] = result
                one_more()
    return [results[record.place] for record in records]


def _say_one(result: Result) -> None:
    if result.state in {"refused", "unanswered"}:
        errors.print(f"onramp: {result.state}: {result.reason}", style="red", markup=False, highlight=False)
        return
    console.print(f"[bold]{result.server}[/] {result.state} {result.onboarding_id}")
    for warning in result.warnings:
        console.print(f"  {warning}", style="yellow", markup=False)


def _say_all(results: Sequence[Result]) -> None:
    for result in results:
        style = "red" if result.state in {"refused", "unanswered"} else "yellow"
        for said in (result.reason, *result.warnings):
            if said:
                line = f"{result.place} {result.server}: {said}".replace(" :", ":")
                console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
    counts = {
        state: sum(r.state == state for r in results) for state in dict.fromkeys(r.state for r in results)
    }
    console.print(", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing to register")
