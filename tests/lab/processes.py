"""The lab's processes: started, waited for, written down, and ended by their id."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.lab.place import LOOPBACK, LabError, folder, say


def start(
    name: str,
    argv: Sequence[object],
    *,
    ready: Callable[[], bool],
    within: float = 60,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> None:
    """Start ``name`` in a session of its own and return when ``ready`` says so; one that runs already stays.

    Raises LabError with the end of its log when it ends early or is not ready ``within`` that many seconds.
    """
    if running(name):
        return
    log = folder("log") / f"{name}.log"
    with open(log, "a") as out:
        child = subprocess.Popen(
            [str(word) for word in argv],
            cwd=cwd or folder(),
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    _note(name).write_text(f"{child.pid} {_birth(child.pid)}")
    try:
        until(lambda: child.poll() is not None or ready(), f"{name} to answer", within)
    except LabError as late:
        raise LabError(f"{late}\n{tail(log)}") from None
    if child.poll() is not None:
        _note(name).unlink()
        raise LabError(f"{name} ended with {child.returncode}:\n{tail(log)}")
    say(f"{name} is ready")


def stop(name: str, how: signal.Signals = signal.SIGTERM, within: float = 15) -> None:
    """End ``name`` if it is still the process that the lab started; kill it when it takes too long."""
    pid = running(name)
    if pid:
        os.kill(pid, how)
        try:
            until(lambda: not running(name), f"{name} to end", within)
        except LabError:
            os.kill(pid, signal.SIGKILL)
            until(lambda: not running(name), f"{name} to be killed", within)
    _note(name).unlink(missing_ok=True)


def started() -> list[str]:
    """The names of all processes that the lab wrote down, the newest first."""
    notes = sorted(folder("run").glob("*.pid"), key=lambda note: note.stat().st_mtime, reverse=True)
    return [note.stem for note in notes]


def running(name: str) -> int:
    """The id of the process ``name``, or 0: an id that another process has by now does not count."""
    try:
        pid, birth = _note(name).read_text().split()
    except FileNotFoundError:
        return 0
    return int(pid) if birth and _birth(int(pid)) == birth else 0


def listens(port: int) -> Callable[[], bool]:
    """The question whether anything accepts connections on that loopback port."""

    def ask() -> bool:
        with socket.socket() as connection:
            return connection.connect_ex((LOOPBACK, port)) == 0

    return ask


def until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Return as soon as ``condition`` holds; LabError naming ``what`` when it does not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds:g} s for {what}")
        time.sleep(0.1)


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _note(name: str) -> Path:
    return folder("run") / f"{name}.pid"


def _birth(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty for one that is gone or only waits to be reaped."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if state == "Z" else fields[18]
