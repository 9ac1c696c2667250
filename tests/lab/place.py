"""The folder that the lab owns, the commands it runs there, and the ports it keeps."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CHECKOUT = HERE.parent.parent
LAB = Path(os.environ.get("ONRAMP_LAB_DIR", CHECKOUT / ".lab")).resolve()
LOOPBACK = "127.0.0.1"

NUMBER = zlib.crc32(bytes(LAB))
"""What tells the labs of one machine apart that are in different folders."""

# Below the ephemeral range (32768 and up), where no outgoing connection sits on a kept port. Each lab begins
# elsewhere, so that two which start at once do not find the same ones free.
PORTS = range(20000 + NUMBER % 80 * 100, 29000)

Env = dict[str, str]
_began = time.monotonic()


class LabError(Exception):
    """The lab cannot do what it was asked; the text says what, and where to look."""


def say(text: str) -> None:
    """Tell the person at the terminal, with the seconds since the start."""
    print(f"lab {time.monotonic() - _began:6.1f} s  {text}", flush=True)


def folder(*parts: str) -> Path:
    """A folder of the lab's, made when it is missing."""
    path = LAB.joinpath(*parts)
    path.mkdir(parents=True, exist_ok=True)
    return path


def write(path: Path, text: str, *, mode: int = 0o644) -> Path:
    """Write a file that only ``mode`` lets others read, even while it is being written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, mode), "w") as file:
        file.write(text)
    path.chmod(mode)
    return path


def run(
    argv: Sequence[object],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
) -> str:
    """Run a command to its end and return what it printed; LabError with its last words when it fails."""
    command = [str(word) for word in argv]
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
    )
    with open(folder("log") / "commands.log", "a") as log:
        # Not what it printed: that may be a token.
        log.write(f"$ {' '.join(command)}\n{done.stderr[-20000:]}\n")
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise LabError(f"{' '.join(command[:8])} ended with {done.returncode}:\n{last}")
    return done.stdout


def in_tree(tree: Path, *argv: str, user: str = "root", env: Mapping[str, str] | None = None) -> list[str]:
    """The command line that runs ``argv`` inside a Debian tree with an environment of its own."""
    settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", **(env or {})}
    words = [f"{name}={value}" for name, value in settings.items()]
    return ["chroot", f"--userspec={user}:{user}", str(tree), "/usr/bin/env", "-i", *words, *argv]


def port(name: str) -> int:
    """The loopback port that ``name`` keeps from one start to the next."""
    with _ports() as ports:
        if name not in ports:
            ports[name] = next(number for number in PORTS if number not in ports.values() and _free(number))
        return ports[name]


def forget_taken_ports() -> None:
    """Give up the kept ports on which somebody else listens by now; call it while nothing of the lab runs."""
    with _ports() as ports:
        for name in [name for name, number in ports.items() if not _free(number)]:
            del ports[name]


@contextmanager
def _ports() -> Iterator[dict[str, int]]:
    with open(folder() / "ports.json", "a+") as book:
        fcntl.flock(book, fcntl.LOCK_EX)
        book.seek(0)
        ports: dict[str, int] = json.loads(book.read() or "{}")
        yield ports
        book.truncate(0)
        json.dump(ports, book, indent=1)
        book.flush()


def _free(number: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, number))
        except OSError:
            return False
        return True
