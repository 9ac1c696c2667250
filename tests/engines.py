"""What runs NATS and OpenBao for the tests: a Docker engine where one answers, else processes.

Containers share this machine's network and the one folder that the program works in, so that a server is
configured, reached, killed and started again just as a process is.
"""

import os
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from docker.errors import DockerException  # type: ignore[import-untyped]
from testcontainers.core.container import DockerContainer
from testcontainers.core.docker_client import DockerClient

from onramp.sandbox.processes import Program, Spawn, spawn

NATS_IMAGE = os.environ.get("ONRAMP_TEST_NATS_IMAGE", "nats:2.15.1")
OPENBAO_IMAGE = os.environ.get("ONRAMP_TEST_OPENBAO_IMAGE", "openbao/openbao:2.7.2")
"""Images whose entry point is the program, or takes its arguments."""


class Contained:
    """A program in a container, that is ended and asked as a process is."""

    def __init__(self, container: DockerContainer, log: Path) -> None:
        self._container = container.start().get_wrapped_container()
        self._log = log
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            self._container.reload()
            return self.wait() if self._container.status == "exited" else None
        return self._code

    def terminate(self) -> None:
        self._signal("SIGTERM")

    def kill(self) -> None:
        self._signal("SIGKILL")

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None:
            self._code = int(self._container.wait(timeout=timeout)["StatusCode"])
            with self._log.open("ab") as log:
                log.write(self._container.logs())
            self._container.remove()
        return self._code

    def _signal(self, name: str) -> None:
        if self.poll() is None:
            self._container.kill(name)


@cache
def engine_answers() -> bool:
    """Whether there is a Docker engine that shares this machine's network and folders."""
    try:
        return "Desktop" not in DockerClient().client.info()["OperatingSystem"]
    except DockerException:
        return False


def _spawn(image: str, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> Program:
    if not engine_answers():
        return spawn(command, log, environment)
    container, folder = DockerContainer(image), str(log.parent)
    container.with_command(list(command[1:])).with_volume_mapping(folder, folder, "rw")
    return Contained(container.with_kwargs(network_mode="host", user=f"{os.getuid()}:{os.getgid()}"), log)


nats: Spawn = partial(_spawn, NATS_IMAGE)
openbao: Spawn = partial(_spawn, OPENBAO_IMAGE)
