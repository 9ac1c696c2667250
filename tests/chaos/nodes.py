"""nats-server on the deployment's own configuration: one, or three that make a cluster."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from onramp.sandbox.nats import Users, production
from onramp.sandbox.places import DEPLOY, LOOPBACK, free_ports
from tests.chaos.victims import Victim


def nats_nodes(folder: Path, users: Users, count: int, max_file_store: str) -> Mapping[str, Victim]:
    """The nodes, not started yet, by address. `max_file_store` bounds JetStream, where it is not empty."""
    routes = free_ports(count)
    nodes = {}
    for number in range(count):
        home = folder / f"nats-{number + 1}"
        home.mkdir(parents=True)
        process, url = production(home, users)
        flags = _cluster_flags(number, routes) if count > 1 else []
        command = [*process.command, *flags]
        if max_file_store:
            command[command.index("--config") + 1] = str(_bounded(home, max_file_store))
        node = replace(Victim.of(process), name=f"nats-{number + 1}", command=command)
        nodes[url] = node
    return nodes


def _cluster_flags(number: int, routes: list[int]) -> list[str]:
    others = ",".join(f"nats://{LOOPBACK}:{port}" for port in routes)
    own = f"nats://{LOOPBACK}:{routes[number]}"
    return ["--name", f"node-{number + 1}", "--cluster_name", "onramp", "--cluster", own, "--routes", others]


def _bounded(home: Path, max_file_store: str) -> Path:
    """The deployment's configuration with one line more."""
    shutil.copytree(DEPLOY / "nats", home / "conf")
    file = home / "conf" / "nats-server.conf"
    line = "sync_interval: always"
    text = file.read_text()
    assert line in text
    file.write_text(text.replace(line, f"{line}\n  max_file_store: {max_file_store}"))
    return file


def widen(node: Victim) -> None:
    """Lift a node's bound, as from its next start."""
    file = Path(node.command[node.command.index("--config") + 1])
    lines = [line for line in file.read_text().splitlines() if "max_file_store" not in line]
    file.write_text("\n".join(lines))
