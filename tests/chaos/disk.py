"""A small file system that really fills up, seen only by who is put inside: no mount of the machine changes.

It stands in a mount namespace that a process holds open, so that it outlives whoever writes to it. Root only.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from onramp.sandbox.processes import Process

MOUNT = 'mount -t tmpfs -o size="$0" onramp "$1" && exec sleep infinity'


class Disk:
    """A file system mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._holder: Process | None = None

    async def start(self, size: str) -> "Disk":
        """Mount it. Raises `NotStarted`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        mount = ["sh", "-c", MOUNT, size, str(self._folder)]
        command = ["unshare", "--mount", "--propagation", "private", *mount]
        self._holder = Process("disk", command, self._folder.with_name("disk.log"), self._mounted)
        await self._holder.start()
        return self

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command that runs this one where the file system is seen."""
        assert self._holder is not None
        return ["nsenter", "--target", str(self._holder.pid), "--mount", *command]

    async def resize(self, size: str) -> None:
        """Give it more room, under whoever uses it."""
        command = self.inside(["mount", "-o", f"remount,size={size}", str(self._folder)])
        child = await asyncio.create_subprocess_exec(*command)
        assert await child.wait() == 0, "the disk could not be made larger"

    async def stop(self) -> None:
        """Let it go; who is inside still holds it."""
        if self._holder is not None:
            await self._holder.stop()

    async def _mounted(self) -> str:
        child = await asyncio.create_subprocess_exec(
            *self.inside(["mountpoint", "--quiet", str(self._folder)])
        )
        return "it is not mounted" if await child.wait() else ""
