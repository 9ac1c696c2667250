"""CSV as spreadsheets write it: a header line, `,` or `;` between cells, any line end (RFC 4180)."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TextIO

from intake.imports.formats.record import LONGEST, Record, from_text, too_long
from intake.problems import FieldError, Unreadable

MOST_LINES = 100_000
"""Of a file, with the empty ones that spreadsheets leave at its end."""

NO_HEADER = "no header: the first line of a CSV names the fields, bmc_mac among them"


def read_csv(text: TextIO) -> Iterator[Record]:
    """The lines below the header. Lines that are empty, or have empty cells only, are no records."""
    first = text.readline()
    delimiter = ";" if first.count(";") > first.count(",") else ","
    header, index = None, 0
    for line, cells in _rows(chain([first], text), delimiter):
        if not any(cells):
            continue
        if header is None:
            header = _header(cells)
        else:
            yield _record(index, line, header, cells)
            index += 1
    if header is None:
        raise Unreadable(NO_HEADER)


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each row with the line that it begins on. What is said of a bad one never quotes it."""
    line, left = 1, LONGEST

    def bounded() -> Iterator[str]:
        nonlocal left
        for text in lines:
            left -= len(text)
            if left < 0:
                raise too_long(f"line {line}")
            yield text

    rows = csv.reader(bounded(), delimiter=delimiter, strict=True)
    while True:
        line, left = rows.line_num + 1, LONGEST
        if line > MOST_LINES:
            raise Unreadable(f"the file has more than {MOST_LINES} lines")
        try:
            cells = next(rows, None)
        except csv.Error as error:
            raise Unreadable(f"no CSV from line {line} on: {error}") from None
        if cells is None:
            return
        yield line, cells


def _header(cells: Sequence[str]) -> list[str]:
    """The names. A line without `bmc_mac`, which every record has, is none: it may hold a password."""
    names = [cell.strip() for cell in cells]
    if "bmc_mac" not in names:
        raise Unreadable(NO_HEADER)
    named = [name for name in names if name]
    if len(set(named)) < len(named):
        raise Unreadable("the header names a field twice")
    return names


def _record(index: int, line: int, header: Sequence[str], cells: Sequence[str]) -> Record:
    beyond = any(cells[len(header) :]) or any(
        cell for name, cell in zip(header, cells, strict=False) if not name
    )
    errors = (FieldError("?", None, "no more cells than the header has names"),) if beyond else ()
    fields = {name: cell for name, cell in zip(header, cells, strict=False) if name}
    return Record(index, from_text(fields), errors, line)
