"""Kea 3.0 dhcp4 from Debian forky, in the field's three forms, each server on its own BMC network."""

from __future__ import annotations

import json
import secrets
import sys
from typing import Any

import httpx

from tests.lab import bmc_network, debian, postgres, processes
from tests.lab.kea_configuration import AGENT_FOR, AGENT_HTTP, HTTP, SERVERS, control_agent, dhcp4
from tests.lab.place import CHECKOUT, LAB, LOOPBACK, Env, folder, in_tree, port, write

PACKAGES = ["kea-dhcp4-server", "kea-ctrl-agent", "kea-admin"]
TREE = LAB / "forky"
SCHEMA = TREE / "usr/share/kea/scripts/pgsql/dhcpdb_create.pgsql"

_USER = "onramp"
_KEA = {"KEA_PIDFILE_DIR": "/srv/kea", "KEA_LOCKFILE_DIR": "/srv/kea", "KEA_CONTROL_SOCKET_DIR": "/srv/kea"}
_KEA |= {"KEA_DHCP_DATA_DIR": "/srv/kea"}


def up() -> Env:
    """Make tree and schema the first time; start every server, with no lease and no reservation."""
    debian.tree("forky", PACKAGES)
    (TREE / "srv/kea").mkdir(mode=0o750, exist_ok=True)
    postgres.up()
    _schema()
    if not any(processes.running(f"kea-{name}") for name in SERVERS):
        _reset()
    _forward()
    for name in SERVERS:
        start(name)
    _start_agent()
    forms = {
        "ONRAMP_KEA_SERVERS": ("shared-a", "shared-b"),
        "ONRAMP_LAB_KEA_SEPARATE": ("separate-a", "separate-b"),
        "ONRAMP_LAB_KEA_MEMORY": ("memory",),
        "ONRAMP_LAB_KEA_AGENT": ("agent",),
    }
    return {variable: json.dumps([_access(name) for name in names]) for variable, names in forms.items()}


def _reset() -> None:
    for database in {database for _, database in SERVERS.values()} - {""}:
        postgres.drop(database)
        postgres.create(database, "kea-template")
    for name in SERVERS:
        bmc_network.make(name)
        _write(name, dhcp4(name, _USER, password()))
        for leases in (TREE / "srv/kea").glob(f"{name}-leases*"):
            leases.unlink()


def start(name: str) -> None:
    """Start one server on the configuration file, the leases and the reservations that it has."""
    command = ["kea-dhcp4", "-c", f"/etc/kea/{name}.json"]
    processes.start(f"kea-{name}", _inside(name, command), ready=lambda: _answers(name))


def stop(name: str) -> None:
    """End one server."""
    processes.stop(f"kea-{name}")


def command(name: str, verb: str, **arguments: Any) -> list[dict[str, Any]]:
    """What a server answers to one command; ``name`` may be ``agent``, too."""
    body: dict[str, Any] = {"command": verb}
    if arguments:
        body["arguments"] = arguments
    if name == "agent":
        body["service"] = ["dhcp4"]
    answer = httpx.post(url(name), json=body, auth=(_USER, password()))
    found: list[dict[str, Any]] = answer.raise_for_status().json()
    return found


def url(name: str) -> str:
    """The address of a server's HTTP control socket on this machine's loopback."""
    return f"http://{LOOPBACK}:{port(f'kea-{name}')}/"


def password() -> str:
    """The password of the control sockets' one user, ``onramp``."""
    path = folder("kea") / "password"
    return (path if path.exists() else write(path, secrets.token_hex(16), mode=0o600)).read_text()


def _access(name: str) -> dict[str, Any]:
    """How kea_sync's settings name that server."""
    access: dict[str, Any] = {"name": name, "url": url(name), "username": _USER, "password": password()}
    if name == "agent":
        access["control_agent"] = True
    elif not SERVERS[name][1]:
        access["store"] = "memory"
    return access


def _schema() -> None:
    if not postgres.exists("kea-template"):
        postgres.drop("kea-empty")
        postgres.create("kea-empty")
        postgres.script("kea-empty", SCHEMA)
        postgres.keep_as_template("kea-empty", "kea-template")


def _write(name: str, configuration: dict[str, Any]) -> None:
    write(TREE / "etc/kea" / f"{name}.json", json.dumps(configuration, indent=1), mode=0o640)


def _start_agent() -> None:
    _write("agent", control_agent(_USER, password()))
    argv = _inside(AGENT_FOR, ["kea-ctrl-agent", "-c", "/etc/kea/agent.json"])
    processes.start("kea-agent", argv, ready=lambda: _answers("agent"))


def _inside(name: str, argv: list[str]) -> list[str]:
    """In the server's namespace and tree; PostgreSQL's socket is mounted for it alone, where libpq looks."""
    sockets = TREE / "run/postgresql"
    sockets.mkdir(exist_ok=True)
    bind = ["sh", "-c", 'mount --bind "$0" "$1" && shift && exec "$@"', str(postgres.TREE) + postgres.SOCKETS]
    in_namespace = ["ip", "netns", "exec", bmc_network.server_side(name)]
    return [*in_namespace, *bind, str(sockets), *in_tree(TREE, *argv, env=_KEA)]


def _forward() -> None:
    rules = [f"{port(f'kea-{name}')}:{bmc_network.server_side(name)}:{HTTP}" for name in SERVERS]
    rules.append(f"{port('kea-agent')}:{bmc_network.server_side(AGENT_FOR)}:{AGENT_HTTP}")
    argv = [sys.executable, "-m", "tests.lab.forward", *rules]
    processes.start("kea-forward", argv, ready=processes.listens(port("kea-agent")), cwd=CHECKOUT)


def _answers(name: str) -> bool:
    try:
        return bool(command(name, "status-get")[0]["result"] == 0)
    except httpx.HTTPError:
        return False
