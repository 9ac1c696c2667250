"""`python -m tests.chaos --seed N [--only NAME] [--short]`: every fault, its figures, and a verdict."""

import argparse
import asyncio
import os
import random
import shutil
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from rich.console import Console
from rich.table import Table

from tests.chaos.faults import FAULTS, SHORT
from tests.chaos.figures import Figure
from tests.chaos.task import Task


def main() -> int:
    """Exit code: 0 when every figure is what it has to be."""
    flags = _flags()
    os.nice(5)
    seed = flags.seed if flags.seed is not None else random.randrange(1_000_000)
    folder = Path(tempfile.mkdtemp(prefix="onramp-chaos-"))
    console = Console()
    console.print(f"seed {seed}: `--seed {seed}` does the same again")
    names = flags.only or (SHORT if flags.short else list(FAULTS))
    results: dict[str, list[Figure]] = {}
    for name in names:
        began = monotonic()
        results[name] = asyncio.run(_run(name, Task(folder / name, seed, flags.short)))
        bad = [f"      {figure.name}: {figure.value}" for figure in results[name] if not figure.good]
        verdict = f"{'BAD ' if bad else 'good':5} {name} ({monotonic() - began:.0f} s)"
        console.print("\n".join([verdict, *bad]), highlight=False, markup=False)
    console.print(_table(results))
    if all(figure.good for figures in results.values() for figure in figures):
        shutil.rmtree(folder, ignore_errors=True)
        return 0
    console.print(f"Logs, and what each backend and the stream held, are in {folder}", highlight=False)
    return 1


async def _run(name: str, task: Task) -> list[Figure]:
    try:
        return await FAULTS[name](task)
    except Exception as error:
        task.folder.mkdir(parents=True, exist_ok=True)
        (task.folder / "traceback.txt").write_text(traceback.format_exc())
        return [Figure("came to its end", f"no: {type(error).__name__}: {error}"[:300], False)]


def _table(results: Mapping[str, list[Figure]]) -> Table:
    table = Table("fault", "figure", "value", "verdict")
    for name, figures in results.items():
        for number, figure in enumerate(figures):
            verdict = "[green]good[/]" if figure.good else "[bold red]BAD[/]"
            table.add_row("" if number else name, figure.name, figure.value, verdict)
        table.add_section()
    return table


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="reproduces a run; else chosen and printed")
    parser.add_argument("--only", action="append", choices=list(FAULTS), help="this fault; may be repeated")
    parser.add_argument("--short", action="store_true", help="a quick round")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
