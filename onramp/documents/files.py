"""The documents by their place in the checkout."""

from collections.abc import Callable, Mapping
from pathlib import Path

from events.asyncapi import document
from onramp.documents.reference import reference
from onramp.documents.settings import settings

FILES: Mapping[str, Callable[[], str]] = {
    "docs/events/asyncapi.json": document,
    "docs/events/README.md": reference,
    "docs/settings.md": settings,
}


def write(root: Path) -> None:
    """Make them as the code has it now."""
    for place, made in FILES.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).write_text(made(), encoding="utf-8")


def stale(root: Path) -> list[str]:
    """Those that are missing or say something else than the code."""
    return [place for place, made in FILES.items() if _read(root / place) != made()]


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.exists() else None
