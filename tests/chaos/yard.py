"""The servers that chaos onboards, and the files from which the emulators know their racks and subnets."""

import json
import shutil
from collections.abc import Mapping
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from onramp.sandbox.places import EXAMPLES

Scan = dict[str, Any]
"""A registration as it is sent to intake."""

RACKS = 300
UNITS = 44
SUBNETS = {"10.20.0.0/16": 1, "10.30.0.0/16": 2}
"""The second one is for servers of another site's Kea."""
SITE = "dcoa"


def name_of(number: int) -> str:
    """A server's name."""
    return f"{SITE}-c{number // UNITS:02d}u{number % UNITS + 1:02d}"


def scan_of(number: int, **changes: Any) -> Scan:
    """A server's registration; each is another server with a place, MAC, address and password of its own."""
    base = IPv4Address("10.20.1.0") + number
    return {
        "device_name": name_of(number),
        "bmc_mac": mac_of(number),
        "bmc_password": f"secret-{number}",
        "bmc_ip": str(base),
        "site": SITE,
        "location": "hall",
        "rack": f"C{number // UNITS:02d}",
        "position": number % UNITS + 1,
        "device_type": "supermicro-1u",
        "device_role": "k8s-worker",
        **changes,
    }


def mac_of(number: int, board: int = 0) -> str:
    """A MAC; `board` counts the replacements."""
    return f"3c:ec:{board:02x}:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"


def write_seeds(folder: Path) -> Mapping[str, Path]:
    """The emulators' files, by the name of the example that they take the place of."""
    netbox = json.loads((EXAMPLES / "netbox.json").read_text())
    netbox["locations"].append({"name": "hall", "slug": "hall", "site": SITE})
    for rack in range(RACKS):
        place = {"site": SITE, "location": "hall", "u_height": UNITS + 4}
        netbox["racks"].append({"name": f"C{rack:02d}", **place})
    netbox["prefixes"] += [{"prefix": subnet} for subnet in SUBNETS]
    seeds = {"netbox.json": netbox, "kea-a.json": _kea(), "kea-b.json": _kea()}
    for name, content in seeds.items():
        (folder / name).write_text(json.dumps(content))
    shutil.copy(EXAMPLES / "bmcs.json", folder / "bmcs.json")
    return {name: folder / name for name in [*seeds, "bmcs.json"]}


def _kea() -> dict[str, Any]:
    subnets = [{"id": id, "subnet": subnet, "pools": []} for subnet, id in SUBNETS.items()]
    hooks = ("libdhcp_pgsql.so", "libdhcp_host_cmds.so", "libdhcp_lease_cmds.so")
    return {
        "Dhcp4": {
            "hooks-libraries": [{"library": library} for library in hooks],
            "hosts-databases": [{"type": "postgresql", "name": "hosts", "user": "kea", "password": "kea"}],
            "reservations-global": False,
            "reservations-in-subnet": True,
            "reservations-out-of-pool": False,
            "subnet4": subnets,
        }
    }
