"""NATS as in production, with a user per service: one server, and a cluster of three for R3 streams."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import sys
from pathlib import Path
from typing import cast
from urllib.error import URLError
from urllib.request import urlopen

from tests.lab import processes
from tests.lab.place import CHECKOUT, LAB, LOOPBACK, Env, folder, port, write

CLUSTER = ("nats-1", "nats-2", "nats-3")
SERVERS = ("nats", *CLUSTER)
CONFIGURATION = CHECKOUT / "deploy" / "nats" / "nats-server.conf"


def up() -> Env:
    """Start all servers, on empty storage where none runs."""
    if not any(processes.running(name) for name in SERVERS):
        shutil.rmtree(LAB / "nats" / "data", ignore_errors=True)
    for name in SERVERS:
        start(name)
    processes.until(_has_leader, "the NATS cluster to choose its leader", 60)
    return {
        "ONRAMP_NATS_URL": url("nats"),
        "ONRAMP_LAB_NATS_CLUSTER": ",".join(url(name) for name in CLUSTER),
        "ONRAMP_LAB_NATS_PASSWORDS": json.dumps(passwords()),
    }


def start(name: str) -> None:
    """Start one server on what it has stored."""
    flags = [f"--config={CONFIGURATION}", f"--name={name}", f"--addr={LOOPBACK}", f"--port={port(name)}"]
    flags.append(f"--http_port={port(f'{name}-monitor')}")
    if name in CLUSTER:
        routes = ",".join(_route(peer) for peer in CLUSTER if peer != name)
        flags += ["--cluster_name=lab", f"--cluster={_route(name)}", f"--routes={routes}"]
    settings = {f"ONRAMP_NATS_PASSWORD_{user.upper()}": word for user, word in passwords().items()}
    settings["ONRAMP_NATS_STORE"] = str(folder("nats", "data", name))
    argv = [Path(sys.executable).parent / "nats-server", *flags]
    processes.start(name, argv, ready=processes.listens(port(name)), env=settings)


def url(name: str) -> str:
    """A server's address."""
    return f"nats://{LOOPBACK}:{port(name)}"


def passwords() -> dict[str, str]:
    """The password of every user that the configuration names."""
    path = folder("nats") / "passwords.json"
    if not path.exists():
        text = "".join(file.read_text() for file in CONFIGURATION.parent.glob("*.conf"))
        users = re.findall(r"\$ONRAMP_NATS_PASSWORD_(\w+)", text)
        # A letter first: the server would read a number otherwise.
        write(path, json.dumps({user.lower(): f"lab{secrets.token_hex(12)}" for user in users}), mode=0o600)
    return cast(dict[str, str], json.loads(path.read_text()))


def _route(name: str) -> str:
    return f"nats://{LOOPBACK}:{port(f'{name}-route')}"


def _has_leader() -> bool:
    try:
        with urlopen(f"http://{LOOPBACK}:{port('nats-1-monitor')}/jsz") as answer:
            meta = json.load(answer).get("meta_cluster", {})
    except URLError:
        return False
    return bool(meta.get("leader")) and meta.get("cluster_size") == len(CLUSTER)
