"""`onramp sandbox` as a person runs it: a process of its own, whose output and children are watched."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
SERVERS = ROOT / "examples" / "servers.json"
ONRAMP = Path(sys.executable).with_name("onramp")


@dataclass
class Running:
    """A sandbox, and the file that it prints to."""

    process: subprocess.Popen[bytes]
    output: Path

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def printed(self) -> str:
        return self.output.read_text()

    def until_printed(self, text: str) -> None:
        until(lambda: text in self.printed() or self.process.poll() is not None)
        assert text in self.printed(), self.printed()


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[Running]:
    """A sandbox that is killed at the end, should it still run."""
    output = folder / "printed"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ONRAMP_")},
        "ONRAMP_SANDBOX_FOLDER": str(folder / "sandbox"),
    }
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [str(ONRAMP), "sandbox", *arguments],
            stdout=sink, stderr=sink, stdin=subprocess.DEVNULL, env=environment, cwd=folder,
        )  # fmt: skip
    try:
        yield Running(process, output)
    finally:
        process.kill()
        process.wait()


def until(holds: Callable[[], object], within: float = 90.0) -> None:
    """Wait for a condition; fails when it does not come true in time."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.05)
