"""Processes that never outlive the sandbox: started, waited for until they are ready, ended by their id.

Each is in a session of its own, so that a Ctrl-C reaches the sandbox alone, which ends them in order; and
on Linux the kernel kills each when the sandbox dies, however it dies.
"""

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
"""Loaded beforehand: between fork and exec nothing may be."""

READY_WITHIN = 60.0
ENDS_WITHIN = 35.0
"""Seconds: longer than a service takes to finish what it has in hand."""
_LOOKS_EVERY = 0.05

Ready = Callable[[], Awaitable[str]]
"""Why a process is not ready yet; empty once it is."""


class Program(Protocol):
    """A program that runs, as `subprocess.Popen` has it."""

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it at once."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended."""


Spawn = Callable[[Sequence[str], Path, Mapping[str, str]], Program]
"""Starts a command with a log and an environment; the log stands in the one folder that it works in."""


class NotStarted(Exception):
    """A process ended early or did not become ready; says why, with its last log lines."""


def spawn(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a process that dies with this one. Call it from the main thread, whose death counts."""
    with log.open("ab") as sink:
        return subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            preexec_fn=_die_with_parent if _LIBC else None,
        )


def _die_with_parent() -> None:
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, to be shown where something went wrong."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(lines[-count:]) or "(its log is empty)"


async def until(holds: Callable[[], object]) -> None:
    """Look again and again until it holds."""
    while not holds():  # noqa: ASYNC110 - a process that ends sets no event
        await asyncio.sleep(_LOOKS_EVERY)


@dataclass
class Process:
    """One program of the sandbox. It may be ended and started again."""

    name: str
    command: Sequence[str]
    log: Path
    ready: Ready
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    _child: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    _told_to_end: bool = False

    @property
    def exit_code(self) -> int | None:
        """How it ended by itself; `None` while it runs or when it was told to end."""
        return self._child.poll() if self._child and not self._told_to_end else None

    @property
    def pid(self) -> int | None:
        """Its process id, once it was started."""
        return self._child.pid if self._child else None

    async def start(self) -> None:
        """Start it and wait until it is ready. Raises `NotStarted`."""
        self._told_to_end = False
        self._child = spawn(self.command, self.log, self.environment)
        try:
            async with asyncio.timeout(READY_WITHIN):
                await self._until_ready()
        except TimeoutError:
            why = await self.ready()
            raise NotStarted(f"{self.name} is not ready: {why}\n{last_lines(self.log)}") from None

    async def _until_ready(self) -> None:
        while await self.ready():
            if self.exit_code is not None:
                code = self.exit_code
                raise NotStarted(f"{self.name} ended with exit code {code}\n{last_lines(self.log)}")
            await asyncio.sleep(_LOOKS_EVERY)

    async def stop(self) -> bool:
        """Tell it to end and wait for that; whether it took too long and was killed."""
        self._told_to_end = True
        if (child := self._child) is None:
            return False
        child.terminate()
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_WITHIN):
                await until(lambda: child.poll() is not None)
        overdue = child.poll() is None
        child.kill()
        child.wait()
        self._child = None
        return overdue
