"""The records of a file, one at a time: nothing of it is held but its bytes and the record in hand.

In YAML and CSV every scalar is text, `10:20:30:40:50:59` and `0123` too. A file that can't be read as
what it says it is raises `Unreadable`; a record that can't be used is passed on with what is wrong with it.
"""

from collections.abc import Callable, Iterator, Mapping
from io import BytesIO, TextIOWrapper
from typing import TextIO

from intake.imports.formats.commas import read_csv
from intake.imports.formats.json_array import read_json
from intake.imports.formats.record import MOST_FIELDS, Record, too_long
from intake.imports.formats.yaml_list import read_yaml
from intake.problems import Unreadable

JSON, YAML, CSV = "application/json", "application/yaml", "text/csv"

_READERS: Mapping[str, Callable[[TextIO], Iterator[Record]]] = {
    JSON: read_json,
    YAML: read_yaml,  # RFC 9512; the other three came before it
    "application/x-yaml": read_yaml,
    "text/yaml": read_yaml,
    "text/x-yaml": read_yaml,
    CSV: read_csv,
    "application/csv": read_csv,
}

MEDIA_TYPES = frozenset(_READERS)


def records(body: bytes, media_type: str) -> Iterator[Record]:
    """The records of a file in UTF-8, with a byte order mark or without. Raises `Unreadable`."""
    text = TextIOWrapper(BytesIO(body), "utf-8-sig", newline="")
    try:
        for record in _READERS[media_type](text):
            if len(record.fields) > MOST_FIELDS:
                raise too_long(record.place)
            yield record
    except UnicodeDecodeError:
        raise Unreadable("the file is not UTF-8: save it as that (a spreadsheet: as CSV UTF-8)") from None


__all__ = ["CSV", "JSON", "MEDIA_TYPES", "YAML", "Record", "records"]
