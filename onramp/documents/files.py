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
    sections = [place for (place, name), made in SECTIONS.items() if _differs(root / place, name, made())]
    return files + sections


def put(file: Path, name: str, text: str) -> None:
    """Write a section of a document anew. Raises `ValueError` where it has no place for it."""
    standing = _read(file) or ""
    if not _place(name).search(standing):
        raise ValueError(f"{file.name} has no place for {name}")
    file.write_text(_with(standing, name, text), encoding="utf-8")


def _differs(file: Path, name: str, text: str) -> bool:
    standing = _read(file)
    return standing is None or not _place(name).search(standing) or _with(standing, name, text) != standing


def _with(standing: str, name: str, text: str) -> str:
    section = f"<!-- {name}, made by make docs -->\n\n{text}\n<!-- end of {name} -->"
    return _place(name).sub(lambda _found: section, standing)


def _place(name: str) -> re.Pattern[str]:
    return re.compile(f"<!-- {name}, made by make docs -->.*?<!-- end of {name} -->", re.DOTALL)


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
