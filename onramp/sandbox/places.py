"""Where the sandbox finds what it starts: the deployment's own files and the programs of this environment."""

import shutil
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

_ROOT = Path(__file__).parents[2]
DEPLOY = _ROOT / "deploy"
EXAMPLES = _ROOT / "examples"
LOOPBACK = "127.0.0.1"


def program(name: str) -> str:
    """A program of this Python environment, else of the PATH. Raises `FileNotFoundError` naming it."""
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is neither beside {sys.executable} nor on the PATH")
    return found


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on, all different."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [int(one.getsockname()[1]) for one in sockets]
