"""Markdown, as far as the documents need it."""

import inspect
from collections.abc import Iterable, Sequence
from types import ModuleType


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar within a cell is escaped."""
    lines = [_row(heads), _row(["---"] * len(heads)), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def prose(module: ModuleType) -> str:
    """A module's docstring."""
    return inspect.cleandoc(str(module.__doc__))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
