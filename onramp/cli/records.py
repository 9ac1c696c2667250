"""The servers in an import file: JSON, YAML or CSV, each record with its place in the file.

In YAML and CSV every scalar is text: `10:20:30:40:50:59` is a MAC, not a number of base 60, and `0123` a
password. What is said of an unreadable file never quotes it: it holds passwords.
"""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from events.values import MacAddress


class UnreadableFile(ValueError):
    """The file holds no list of servers; says where it goes wrong."""


@dataclass(frozen=True)
class Record:
    """One server. `place` is what a person looks for: `record 3`, or `line 4` in CSV."""

    place: str
    fields: Mapping[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """What it is called, as far as the record says."""
        return str(self.fields.get("device_name") or "")


def read(file: Path) -> list[Record]:
    """Every record in the order of the file. Raises `UnreadableFile`."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"byte {error.start} is not UTF-8") from None
    reader = _READERS.get(file.suffix.lower(), _of_json)
    return reader(text)


def duplicates(records: Sequence[Record]) -> dict[str, str]:
    """Why a record can't be taken beside another of the file, by its place: both are named, neither wins."""
    seen: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record in records:
        for claim in _claims(record.fields):
            seen[claim].append(record)
    refused: dict[str, str] = {}
    for claim, claimants in seen.items():
        for record in claimants if len(claimants) > 1 else ():
            others = ", ".join(other.place for other in claimants if other is not record)
            refused.setdefault(record.place, f"the same {claim[0]} as {others}")
    return refused


def _claims(fields: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """What only one server can have: its name, its MAC however spelled, its address, its place."""
    if name := fields.get("device_name"):
        yield "device_name", str(name).strip().lower()
    with suppress(ValueError):  # Intake says what is wrong with it.
        yield "bmc_mac", MacAddress(str(fields.get("bmc_mac")))
    if address := fields.get("bmc_ip"):
        yield "bmc_ip", str(address).strip().lower()
    place = [str(fields.get(name) or "").strip().lower() for name in ("site", "location", "rack", "position")]
    if place[2] and place[3]:
        yield "position", *place


def _of_json(text: str) -> list[Record]:
    try:
        return _records(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as error:
        where = f"line {error.lineno} column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UnreadableFile(f"no JSON: {where or 'nested too deeply'}") from None


def _of_yaml(text: str) -> list[Record]:
    try:
        return _records(yaml.load(text, yaml.BaseLoader))  # noqa: S506  BaseLoader makes nothing but texts.
    except yaml.MarkedYAMLError as error:
        where = f"line {error.problem_mark.line + 1}" if error.problem_mark else "somewhere"
        raise UnreadableFile(f"no YAML: {where}") from None
    except yaml.YAMLError:
        raise UnreadableFile("no YAML") from None


def _of_csv(text: str) -> list[Record]:
    head = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in head else ",")
    records = []
    try:
        for row in rows:
            if None in row:
                raise UnreadableFile(f"line {rows.line_num} has more cells than the first line has names")
            fields = {name.strip(): value for name, value in row.items() if value}
            records.append(Record(f"line {rows.line_num}", fields))
    except csv.Error as error:
        raise UnreadableFile(f"no CSV: line {rows.line_num}: {error}") from None
    return records


def _records(value: Any) -> list[Record]:
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, dict) for entry in entries):
        raise UnreadableFile("a list of objects is wanted, a server each")
    return [Record(f"record {number}", entry) for number, entry in enumerate(entries, 1)]


_READERS: Mapping[str, Callable[[str], list[Record]]] = {
    ".csv": _of_csv,
    ".yaml": _of_yaml,
    ".yml": _of_yaml,
}
