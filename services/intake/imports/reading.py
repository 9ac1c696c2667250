"""A record of a file as the registration that it is, whatever older systems and spreadsheets made of it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from intake.imports.formats import Record
from intake.problems import BadRegistration, FieldError
from intake.registration import without_password
from intake.scan import Scan
from intake.settings import Settings

OLDER_NAMES = {"ipmi_password": "bmc_password", "ipmi_ip": "bmc_ip"}

_NUMBER = re.compile(r"\d+([.,]\d+)?E\+\d+|\d+[.,]\d+E\d+|\d+[.,]\d{1,2}", re.IGNORECASE)
"""`1.02E+11`, or `1020304050.00`. A dotted MAC has two dots, and no spelling has a comma or a plus."""
_DIGITS_LOST = re.compile(r"\d{1,11}")


def renamed(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, under the names of today; an older name beside its newer one stays, and is unknown."""
    said = {name: value for name, value in fields.items() if value is not None and value != ""}
    return {
        name if OLDER_NAMES.get(name) in said else OLDER_NAMES.get(name, name): said[name] for name in said
    }


def read(record: Record, settings: Settings, registered_by: str | None) -> Scan:
    """The scan in a record. Raises `BadRegistration`, which never shows the password."""
    fields = renamed(record.fields)
    errors = [*record.errors, *_spreadsheet_numbers(fields)]
    if errors:
        raise BadRegistration(without_password(errors, fields))
    scan = Scan.read(fields, settings, registered_by)
    older = [
        f"{old} is an older name: send {new}" for old, new in OLDER_NAMES.items() if record.fields.get(old)
    ]
    return replace(scan, warnings=(*older, *scan.warnings))


def _spreadsheet_numbers(fields: Mapping[str, Any]) -> Iterator[FieldError]:
    for name in ("bmc_mac", "boot_mac"):
        text = str(fields.get(name, "")).strip()
        if _NUMBER.fullmatch(text) or _DIGITS_LOST.fullmatch(text):
            expected = "a MAC: a spreadsheet made a number of it; format the column as text and type it again"
            yield FieldError(name, text, expected)
