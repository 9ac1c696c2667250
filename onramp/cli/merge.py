"""`onramp merge`: an import file from a list of devices and Kea's reservations."""

import json
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from onramp.cli.merging import Merged, reservations_in
from onramp.cli.merging import merge as merged
from onramp.cli.output import NOT_WELL, Json, errors, print_json
from onramp.cli.records import read


def merge(
    devices: Annotated[
        Path, typer.Argument(help="YAML: a list of device_name, bmc_password and other fields.", exists=True)
    ],
    reservations: Annotated[
        Path, typer.Argument(help="Kea's reservations, or its configuration with them.", exists=True)
    ],
    site: Annotated[str, typer.Option(help="A prefix that names may have or lack on either side.")] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to; standard output when not given.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make an import file of devices and Kea's reservations, joined by the hostname's first label.

    The label may end in `-bmc`. What a device says wins over its reservation. What can't be joined is
    listed: exit code 1. The output holds the passwords; as a file only you can read it.

    [dim]$[/] onramp merge devices.yaml kea-dhcp4.conf --site dcoa --output servers.json
    """
    found = merged(_devices(devices), _reservations(reservations), site)
    _write(found.records, output)
    _report(found, output, as_json)
    raise typer.Exit(NOT_WELL if found.problems else 0)


def _devices(file: Path) -> list[Mapping[str, Any]]:
    devices = read(file)
    for device in devices:
        for error in device.errors:
            raise typer.BadParameter(f"{file}: {device.place}: {error.field}: {error.expected}")
    return [device.fields for device in devices]


def _reservations(file: Path) -> Sequence[Mapping[str, Any]]:
    try:
        return reservations_in(file.read_text())
    except json.JSONDecodeError as error:
        raise typer.BadParameter(f"{file}: no JSON at line {error.lineno} column {error.colno}") from None
    except ValueError as error:
        raise typer.BadParameter(f"{file}: {error}") from None


def _write(records: Sequence[Mapping[str, Any]], output: Path | None) -> None:
    if output is None:
        return print_json(records)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.fchmod(descriptor, 0o600)  # One that stood before may be open to others.
        json.dump(records, file, indent=2)
    return None


def _report(found: Merged, output: Path | None, as_json: bool) -> None:
    if as_json and output:
        return print_json({"records": len(found.records), "problems": found.problems})
    for problem in found.problems:
        errors.print(problem, style="yellow", markup=False, highlight=False, soft_wrap=True)
    return errors.print(f"{len(found.records)} joined, {len(found.problems)} not", highlight=False)
