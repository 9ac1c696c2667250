"""A BMC network per DHCP server, in network namespaces of the lab's own, and a real DHCP client on each."""

from __future__ import annotations

import os
from pathlib import Path

from tests.lab.place import LAB, NUMBER, LabError, folder, run, write

SERVER_ADDRESSES = ("10.16.28.2/24", "10.16.29.2/24")
INTERFACE = "bmc0"
_MADE = LAB / "run" / "namespaces"

# udhcpc runs it with its findings as environment variables.
_SCRIPT = """#!/bin/sh
[ "$1" = bound ] && env | grep -E '^(ip|mask|subnet|router|hostname|domain|dns|lease|serverid)='
exit 0
"""


def server_side(server: str) -> str:
    """The namespace in which that Kea server runs."""
    return f"onramp-{NUMBER:08x}-kea-{server}"


def bmc_side(server: str) -> str:
    """The namespace of the BMCs that are on the wire of that Kea server."""
    return f"onramp-{NUMBER:08x}-bmc-{server}"


def make(server: str) -> None:
    """Make both namespaces and the wire between them, and write down that they are the lab's."""
    for namespace in (server_side(server), bmc_side(server)):
        if Path("/run/netns", namespace).exists():
            if namespace not in made():
                raise LabError(f"network namespace {namespace} exists and is not this lab's")
            continue
        _note([*made(), namespace])
        run(["ip", "netns", "add", namespace])
        run(["ip", "-n", namespace, "link", "set", "lo", "up"])
    here, there = server_side(server), bmc_side(server)
    if INTERFACE in run(["ip", "-n", here, "link"]):
        return
    run(
        [
            "ip",
            "-n",
            here,
            "link",
            "add",
            INTERFACE,
            "type",
            "veth",
            "peer",
            "name",
            INTERFACE,
            "netns",
            there,
        ]
    )
    for address in SERVER_ADDRESSES:
        run(["ip", "-n", here, "address", "add", address, "dev", INTERFACE])
    for namespace in (here, there):
        run(["ip", "-n", namespace, "link", "set", INTERFACE, "up"])


def remove() -> None:
    """Remove the namespaces that the lab made."""
    for namespace in made():
        if Path("/run/netns", namespace).exists():
            run(["ip", "netns", "delete", namespace])
    _MADE.unlink(missing_ok=True)


def made() -> list[str]:
    """The namespaces that the lab wrote down as its own."""
    return _MADE.read_text().split() if _MADE.exists() else []


def ask(server: str, mac: str) -> dict[str, str]:
    """What a BMC of that MAC is given by that server: ``ip``, ``hostname``, …; empty for no answer."""
    inside = ["ip", "netns", "exec", bmc_side(server)]
    run([*inside, "ip", "link", "set", INTERFACE, "address", mac])
    script = write(folder("dhcp") / f"udhcpc-{server}-{os.getpid()}", _SCRIPT, mode=0o755)
    options = ["-O", "hostname", "-O", "router", "-O", "domain", "-t", "3", "-T", "1", "-n", "-q", "-f"]
    try:
        told = run([*inside, "busybox", "udhcpc", "-i", INTERFACE, "-s", script, *options])
    except LabError as silent:
        if "no lease" in str(silent):
            return {}
        raise
    finally:
        script.unlink()
    return dict(line.split("=", 1) for line in told.splitlines() if "=" in line)


def _note(namespaces: list[str]) -> None:
    folder("run")
    _MADE.write_text("\n".join(namespaces))
