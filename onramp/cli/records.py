"""The servers in a file, read and judged by intake's own code: a record means here what it means there."""

from collections.abc import Sequence
from pathlib import Path

import typer

from intake.imports.duplicates import Clashes, clashes
from intake.imports.formats import CSV, JSON, YAML, Record, records
from intake.imports.reading import read as scan_in
from intake.imports.reading import renamed
from intake.problems import BadRegistration, Unreadable
from intake.registration import without_password
from intake.scan import Scan
from intake.settings import Settings

_MEDIA_TYPES = {".csv": CSV, ".yaml": YAML, ".yml": YAML}
"""By the end of a file's name; any other is JSON."""


def read(file: Path) -> list[Record]:
    """Every record in the order of the file. Raises `typer.BadParameter`, which never quotes the file."""
    try:
        return list(records(file.read_bytes(), _MEDIA_TYPES.get(file.suffix.lower(), JSON)))
    except Unreadable as error:
        raise typer.BadParameter(f"{file}: {error.detail}") from None


class Judge:
    """Says of the records of one file what intake would, as far as that is known without asking it.

    What intake was told differently is told here by the same settings: `ONRAMP_NAME_PATTERN`,
    `ONRAMP_REQUIRE_BOOT_MAC`.
    """

    def __init__(self, file: Sequence[Record], *, made_names: bool = True) -> None:
        """`made_names`: whether intake has the same pattern as we, so that the names it makes are known."""
        self._settings = Settings()
        self._clashes: Clashes = clashes(file, self._settings.name_pattern if made_names else "")

    def sendable(self, record: Record) -> bool:
        """Whether it can be read by itself, and no other record of the file claims the same."""
        return not record.errors and record.index not in self._clashes

    def scan(self, record: Record) -> Scan:
        """The scan in it. Raises `BadRegistration`, which never shows the password."""
        if clash := self._clashes.get(record.index):
            raise BadRegistration(without_password(clash, renamed(record.fields)))
        return scan_in(record, self._settings, None)
