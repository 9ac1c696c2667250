"""Kea's configurations in the lab: the examples, each with its own hosts database or none."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.lab.bmc_network import INTERFACE
from tests.lab.place import CHECKOUT, LOOPBACK

SERVERS = {
    "shared-a": ("kea-a.json", "kea-shared"),
    "shared-b": ("kea-b.json", "kea-shared"),
    "separate-a": ("kea-a.json", "kea-separate-a"),
    "separate-b": ("kea-b.json", "kea-separate-b"),
    "memory": ("kea-a.json", ""),
}
"""By name: the example that a server's configuration is made from, and its hosts database, if it has one."""

AGENT_FOR = "separate-a"
"""The server that a Control Agent stands before as well."""

HTTP, AGENT_HTTP = 8000, 8002


def dhcp4(name: str, user: str, password: str) -> dict[str, Any]:
    """The configuration of one server."""
    example, database = SERVERS[name]
    text = (CHECKOUT / "examples" / example).read_text()
    config: dict[str, Any] = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))
    dhcp4 = config["Dhcp4"]
    dhcp4["interfaces-config"]["interfaces"] = [INTERFACE]
    dhcp4["lease-database"]["name"] = f"/srv/kea/{name}-leases.csv"
    http = dhcp4["control-sockets"][0]
    http["socket-port"] = HTTP
    http["authentication"]["clients"] = [{"user": user, "password": password}]
    if database:
        dhcp4["hosts-databases"] = [
            {"type": "postgresql", "host": "/run/postgresql", "name": database, "user": "postgres"}
        ]
    else:
        del dhcp4["hosts-databases"]
        dhcp4["hooks-libraries"] = [
            hook for hook in dhcp4["hooks-libraries"] if "pgsql" not in hook["library"]
        ]
    if name == AGENT_FOR:
        dhcp4["control-sockets"].append({"socket-type": "unix", "socket-name": f"/srv/kea/{name}.sock"})
    return config


def control_agent(user: str, password: str) -> dict[str, Any]:
    """The configuration of the Control Agent."""
    settings = {
        "http-host": LOOPBACK,
        "http-port": AGENT_HTTP,
        "authentication": {"type": "basic", "clients": [{"user": user, "password": password}]},
        "control-sockets": {"dhcp4": {"socket-type": "unix", "socket-name": f"/srv/kea/{AGENT_FOR}.sock"}},
        "loggers": [{"name": "kea-ctrl-agent", "output-options": [{"output": "stdout"}]}],
    }
    return {"Control-agent": settings}
