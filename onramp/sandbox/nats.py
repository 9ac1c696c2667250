"""A real nats-server, started and ended by us: JetStream with every write synced to disk."""

import os
import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from onramp.sandbox.places import DEPLOY, LOOPBACK, free_ports, program
from onramp.sandbox.processes import Process, Program, Spawn, spawn
from onramp.sandbox.waiting import answers

USERS = (
    "intake",
    "netbox_sync",
    "vault_writer",
    "kea_sync",
    "metal3_sync",
    "operator",
    "reader",
    "system",
)

CONFIGURATION = """
server_name: {name}
listen: 127.0.0.1:{port}
jetstream {{ store_dir: "{store}", sync_interval: always }}
"""


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    [port] = free_ports(1)
    return port


@dataclass
class NatsServer:
    """One server process on its own folder. `start` again after `kill` goes on with what it stored."""

    folder: Path
    port: int
    configuration: str = CONFIGURATION
    spawn: Spawn = spawn
    process: Program | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> "NatsServer":
        """Start it and wait until it takes connections. Raises `RuntimeError` with its last words."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "nats-server.conf"
        text = self.configuration.format(
            name=f"nats-{self.port}", port=self.port, store=self.folder / "store"
        )
        config.write_text(text)
        log = self.folder / "nats-server.log"
        self.process = self.spawn([program("nats-server"), "-c", str(config)], log, os.environ)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"nats-server did not start: {log.read_text()[-500:]}")

    def kill(self) -> None:
        """End it as a crash would (SIGKILL)."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        """End it properly."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process = None


@dataclass(frozen=True)
class Users:
    """The users that deploy/nats names, each with a password made for one sandbox."""

    passwords: Mapping[str, str] = field(repr=False)

    @classmethod
    def fresh(cls) -> "Users":
        """New passwords. A value of the configuration that begins with a letter needs no quotes."""
        return cls({name: f"p{secrets.token_hex(16)}" for name in USERS})

    def environment(self) -> dict[str, str]:
        """As the server's configuration takes them."""
        return {f"ONRAMP_NATS_PASSWORD_{name.upper()}": word for name, word in self.passwords.items()}

    def credentials(self, name: str) -> dict[str, str]:
        """As a service or the command line takes them."""
        return {"ONRAMP_NATS_USER": name, "ONRAMP_NATS_PASSWORD": self.passwords[name]}


def production(folder: Path, users: Users) -> tuple[Process, str]:
    """A server on the deployment's own configuration, not started yet, and its address."""
    port, monitor = free_ports(2)
    config = DEPLOY / "nats" / "nats-server.conf"
    flags = ["--addr", LOOPBACK, "--port", str(port), "--http_port", str(monitor)]
    environment = {**os.environ, **users.environment(), "ONRAMP_NATS_STORE": str(folder / "nats")}
    process = Process(
        "nats",
        [program("nats-server"), "--config", str(config), *flags],
        folder / "nats.log",
        answers(f"http://{LOOPBACK}:{monitor}/healthz"),
        environment,
    )
    return process, f"nats://{LOOPBACK}:{port}"
