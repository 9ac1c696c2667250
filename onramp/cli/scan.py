"""`onramp scan` and `onramp import`: servers registered through intake."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from intake.imports.formats import Record
from onramp.cli.access import access
from onramp.cli.output import NO_ANSWER, NOT_WELL, REFUSED, Json, console, counted, errors, print_json, run
from onramp.cli.records import Judge, read
from onramp.cli.registering import Result, intake_of, judged

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
    run(_scan(Record(0, fields), dry_run, as_json))


def import_(
    file: Annotated[Path, typer.Argument(help="JSON, YAML or CSV.", exists=True, dir_okay=False)],
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Register every server of a file. Exit code 1 when any was refused; each of them is named, with why.

    What intake has in ONRAMP_NAME_PATTERN and ONRAMP_REQUIRE_BOOT_MAC, a dry run needs too.

    [dim]$[/] onramp import servers.csv --dry-run
    [dim]$[/] onramp --token-file ~/.onramp-token import servers.json
    """
    run(_import(read(file), dry_run, as_json))


async def _scan(record: Record, dry_run: bool, as_json: bool) -> int:
    if dry_run:
        result = judged(record, Judge([record]))
    else:
        async with intake_of(access()) as intake:
            result = await intake.register(record)
    print_json(asdict(result)) if as_json else _say_one(result)
    return REFUSED if result.state == "refused" else 0


async def _import(records: Sequence[Record], dry_run: bool, as_json: bool) -> int:
    results: dict[str, Result] = {}
    with Progress(console=errors, transient=True, disable=as_json) as progress:
        task = progress.add_task("registered", total=len(records))
        async for result in _registered(records, dry_run):
            results[result.place] = result
            progress.advance(task)
    in_order = [results[record.place] for record in records]
    print_json([asdict(result) for result in in_order]) if as_json else _say_all(in_order)
    states = {result.state for result in in_order}
    return NO_ANSWER if "unanswered" in states else NOT_WELL if "refused" in states else 0


async def _registered(records: Sequence[Record], dry_run: bool) -> AsyncIterator[Result]:
    """Each record's result. Those that claim the same thing, or can't be read, are not even sent."""
    judge = Judge(records, made_names=dry_run)
    for record in records:
        if dry_run or not judge.sendable(record):
            yield judged(record, judge)
    if not dry_run:
        async with intake_of(access()) as intake:
            async for result in intake.register_all([each for each in records if judge.sendable(each)]):
                yield result


def _say_one(result: Result) -> None:
    if result.state == "refused":
        errors.print(f"onramp: {result.state}: {result.reason}", style="red", markup=False, highlight=False)
        return
    console.print(f"[bold]{result.server}[/] {result.state} {result.onboarding_id}")
    for warning in result.warnings:
        console.print(f"  {warning}", style="yellow", markup=False)


def _say_all(results: Sequence[Result]) -> None:
    for result in results:
        told = [] if result.state == "unanswered" else [result.reason, *result.warnings]
        for said in filter(None, told):
            _say(f"{result.place} {result.server}: {said}".replace(" :", ":"), result.state)
    counts = Counter(result.state for result in results)
    console.print(", ".join(f"{count} {state}" for state, count in counts.items()) or "nothing to register")
    if unanswered := [result for result in results if result.state == "unanswered"]:
        first, count = unanswered[0], counts["unanswered"]
        _say(f"from {first.place} on, {counted(count, 'record')} got no answer: {first.reason}", first.state)
        _say(
            "import again from there on only: a record that was taken already would be a new scan",
            first.state,
        )


def _say(line: str, state: str) -> None:
    style = "yellow" if state in {"accepted", "valid"} else "red"
    console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)
