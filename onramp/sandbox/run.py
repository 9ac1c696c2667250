"""`onramp sandbox`: the system up, a story told where one is given, and everything gone at the end."""

import asyncio
import os
import shutil
import signal
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from rich.console import Console

from events.service import ended
from onramp.cli.connection import NotConnected
from onramp.sandbox import pages
from onramp.sandbox.demo import Demo
from onramp.sandbox.places import LOOPBACK
from onramp.sandbox.processes import NotStarted
from onramp.sandbox.story import Chapter
from onramp.sandbox.system import System

T = TypeVar("T")

FOLDER = "ONRAMP_SANDBOX_FOLDER"
"""A folder to use instead of one of its own; it is kept at the end."""
INTERRUPTED = 130
"""Exit code when Ctrl-C came before the story was over."""


def run(chapters: Sequence[Chapter], *, once: bool, console: Console) -> int:
    """Exit code: 0 when the story came out as it says, else 1. Without `once` it stays up until Ctrl-C."""
    _go_around_proxies()
    kept = os.environ.get(FOLDER)
    folder = Path(kept) if kept else Path(".sandbox") / uuid4().hex[:8]
    folder.mkdir(parents=True, exist_ok=True)
    code = 1
    try:
        code = asyncio.run(_interruptible(folder.resolve(), chapters, once, console))
    except (NotStarted, NotConnected) as failure:
        console.print(f"\n{failure}", style="bold red", markup=False, highlight=False)
    except asyncio.CancelledError:
        code = INTERRUPTED
    if kept or code == 1:
        console.print(f"All logs are in {folder}", highlight=False)
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return code


async def _interruptible(folder: Path, chapters: Sequence[Chapter], once: bool, console: Console) -> int:
    """Ctrl-C, a closed terminal and SIGTERM end it in order; a second one ends it at once."""
    loop = asyncio.get_running_loop()
    working = asyncio.ensure_future(_work(folder, chapters, once, console))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, working.cancel)
    return await working


async def _work(folder: Path, chapters: Sequence[Chapter], once: bool, console: Console) -> int:
    with console.status("") as status:
        system = System(folder, lambda what: status.update(f"starting {what} …"))
        await system.start()
    try:
        console.print(pages.addresses(system))
        demo = Demo(system, console)
        possible = _possible(chapters, system, console)
        wrong = await heeding(demo.tell(possible))
        if possible:
            await pages.summary(console, demo, possible, wrong)
        if not once:
            console.print(pages.where_next(system), soft_wrap=True, highlight=False)
            with suppress(asyncio.CancelledError):
                await heeding(demo.stay())
        return 1 if wrong else 0
    finally:
        with console.status("ending everything …"):
            overdue = await system.stop()
        if overdue:
            console.print(f"[yellow]Killed, for not ending in time: {', '.join(overdue)}[/]")


async def heeding(doing: Coroutine[None, None, T]) -> T:
    """What comes of it; a cancellation is heeded though a library that is awaited in there may lose it."""
    task = asyncio.create_task(doing)
    try:
        await asyncio.wait({task})
        return task.result()
    finally:
        await ended(task)


def _possible(chapters: Sequence[Chapter], system: System, console: Console) -> list[Chapter]:
    """Without those that take a backend down: a real one is left alone."""
    possible = [chapter for chapter in chapters if chapter.down in {None, *system.backends.emulators}]
    for chapter in chapters:
        if chapter not in possible:
            console.print(f"[yellow]Left out, since {chapter.down} is no emulator: {chapter.story}[/]")
    return possible


def _go_around_proxies() -> None:
    """Nothing on this machine is reached through a proxy that the environment names."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), LOOPBACK)))
