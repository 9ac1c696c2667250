"""One record of a file, as it stands there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from intake.problems import FieldError, Unreadable

LONGEST = 16384
"""Characters of one record. Of all these no registration has nearly as many, and reading them takes long."""
MOST_FIELDS = 100

_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Record:
    """The fields at a place of the file, and what is wrong with their writing."""

    index: int
    """From 0."""
    fields: Mapping[str, Any]
    errors: tuple[FieldError, ...] = ()
    line: int | None = None
    """Where it begins, in CSV: from 1, the header's line."""

    @property
    def place(self) -> str:
        """As people find it in their file."""
        return f"record {self.index}" if self.line is None else f"line {self.line}"


def too_long(place: str) -> Unreadable:
    """What is raised over a record that goes beyond all measure."""
    return Unreadable(f"{place} is longer than any registration")


def from_text(fields: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a format that knows only text: the one field that is no text is made what it says."""
    told = fields.get("supersede", "").strip().lower()
    return {**fields, "supersede": _TRUTH[told]} if told in _TRUTH else dict(fields)
