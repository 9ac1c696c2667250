"""The documents by their place in the checkout."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from events.asyncapi import document
from onramp.documents.reference import reference
from onramp.documents.settings import settings

FILES: Mapping[str, Callable[[], str]] = {
    "docs/events/asyncapi.json": document,
    "docs/events/README.md": reference,
}

SECTIONS: Mapping[tuple[str, str], Callable[[], str]] = {("README.md", "settings"): settings}
"""Parts of documents that are else written by hand: each stands between two comments that bear its name."""


def write(root: Path) -> None:
    """Make them as the code has it now."""
    for place, made in FILES.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(made(), encoding="utf-8")
    for (place, name), made in SECTIONS.items():
        put(root / place, name, made())


def stale(root: Path) -> list[str]:
    """Those that are missing or say something else than the code."""
    files = [place for place, made in FILES.items() if _read(root / place) != made()]
    for (place, name), made in SECTIONS.items():
        standing = _read(root / place)
        if standing is None or _with(standing, name, made()) != standing:
            files.append(place)
    return files


def put(file: Path, name: str, text: str) -> None:
    """Write a section of a document anew. Raises `ValueError` where it has no place for it."""
    written = _with(_read(file), name, text)
    if written is None:
        raise ValueError(f"{file.name} has no place for {name}")
    file.write_text(written, encoding="utf-8")


def _with(standing: str | None, name: str, text: str) -> str | None:
    """The document with this section; `None` where it has no place for it."""
    begin, end = f"<!-- {name}, made by make docs -->", f"<!-- end of {name} -->"
    section = f"{begin}\n\n{text}\n{end}"
    written, places = re.subn(f"{begin}.*?{end}", lambda _: section, standing or "", flags=re.DOTALL)
    return written if places else None


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
