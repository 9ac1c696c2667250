"""Where the sandbox finds what it starts: the deployment's own files and the programs of this environment."""

import shutil
import socket
import sys
from itertools import islice
from pathlib import Path
from random import SystemRandom

_ROOT = Path(__file__).parents[2]
DEPLOY = _ROOT / "deploy"
EXAMPLES = _ROOT / "examples"
LOOPBACK = "127.0.0.1"
_PORTS = range(10_000, 20_000)
"""Below those of connections that go out (Linux: from 32768 on): one could be faster than a listener."""


def program(name: str) -> str:
    """A program of this Python environment, else of the PATH. Raises `FileNotFoundError` naming it."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is neither beside {sys.executable} nor on the PATH")
    return found


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on, all different."""
    free = filter(_is_free, SystemRandom().sample(_PORTS, len(_PORTS)))
    return list(islice(free, count))


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
