"""Processes that may be killed at any moment, and the supervisor that starts them again."""

import asyncio
import os
import signal
from collections.abc import Mapping
from contextlib import suppress

from onramp.sandbox.processes import NotStarted, Process, until

_LOOKS_EVERY = 0.05


class Victim(Process):
    """A process that can be sent signals. One that was killed so has ended by itself, as after a crash."""

    @classmethod
    def of(cls, process: Process) -> "Victim":
        """The same program, as a victim."""
        return cls(process.name, process.command, process.log, process.ready, process.environment)

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it runs."""
        if self._child is not None and self._child.poll() is None:
            os.kill(self._child.pid, number)

    async def kill(self) -> None:
        """End it at once, and wait until it is gone; a supervisor may start it again meanwhile."""
        child = self._child
        if child is not None:
            child.kill()
            await until(lambda: child.poll() is not None)

    async def terminated(self) -> int:
        """Tell it to end, and wait: its exit code."""
        child = self._child
        assert child is not None
        self._told_to_end = True
        child.terminate()
        await until(lambda: child.poll() is not None)
        return int(child.returncode)


class Supervisor:
    """Starts what has died again, as systemd or Kubernetes would."""

    def __init__(self, victims: Mapping[str, Victim]) -> None:
        self.deaths: list[tuple[str, int]] = []
        """Every process that ended by itself, and its exit code."""
        self._victims = victims
        self._restarts: dict[str, asyncio.Task[None]] = {}
        self._watching: asyncio.Task[None] | None = None

    @property
    def at_rest(self) -> bool:
        """Whether nothing is being started again."""
        dead = any(victim.exit_code is not None for victim in self._victims.values())
        return not dead and all(task.done() for task in self._restarts.values())

    def start(self) -> None:
        """Watch from now on."""
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Watch no more."""
        tasks = [*self._restarts.values(), *([self._watching] if self._watching else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def died_oddly(self) -> list[tuple[str, int]]:
        """The processes that nobody killed."""
        return [(name, code) for name, code in self.deaths if code != -signal.SIGKILL]

    async def _watch(self) -> None:
        while True:
            for name, victim in self._victims.items():
                restart = self._restarts.get(name)
                if victim.exit_code is not None and (restart is None or restart.done()):
                    self.deaths.append((name, victim.exit_code))
                    self._restarts[name] = asyncio.create_task(_restart(victim))
            await asyncio.sleep(_LOOKS_EVERY)


async def _restart(victim: Victim) -> None:
    with suppress(NotStarted):  # It died again: the watch sees that.
        await victim.start()
