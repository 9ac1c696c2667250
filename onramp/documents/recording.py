"""What a shell shows of commands that are really run, against a whole system in the sandbox."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from onramp.sandbox.system import System

ONRAMP = f"{sys.executable} -c 'from onramp.cli import app; app(prog_name=\"onramp\")'"


@asynccontextmanager
async def running_system(folder: Path) -> AsyncIterator[System]:
    """The whole system, in this folder, while inside."""
    system = System(folder, lambda _what: None)
    await system.start()
    try:
        yield system
    finally:
        await system.stop()


class Shell:
    """A terminal of an operator's."""

    def __init__(self, system: System, folder: Path, width: int) -> None:
        self._folder = folder
        self._environment: Mapping[str, str] = {
            **os.environ,
            **system.environment("operator"),
            "ONRAMP_INTAKE_URL": system.urls["intake"],
            "ONRAMP_OPERATOR": "ann",
            "ONRAMP_BMC_PASSWORD": "a-password",
            "NETBOX_URL": system.backends.netbox_url,
            "NETBOX_TOKEN": system.backends.netbox_token,
            "COLUMNS": str(width),
            "PYTHONPATH": os.pathsep.join(sys.path),
        }

    def run(self, command: str) -> str:
        """The command and what it printed, in Markdown. The exit code is named where it is not 0."""
        done = subprocess.run(  # noqa: S602  The commands are the documents' own.
            re.sub("^onramp", lambda _found: ONRAMP, command),
            shell=True,
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        output = re.sub(r"[ \t]+$", "", done.stdout, flags=re.MULTILINE).strip("\n")
        code = f"\n(exit code {done.returncode})" if done.returncode else ""
        return f"```\n$ {command}\n{output}{code}\n```\n"
