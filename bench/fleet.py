"""A made-up data centre of any size: reference data for the emulators, and its servers' registrations."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

from onramp.sandbox.places import EXAMPLES

UNITS = 40
PREFIX = IPv4Network("10.64.0.0/16")


def write_examples(folder: Path, servers: int) -> Path:
    """Seeds as in `examples/`, for a site with room for so many servers."""
    folder.mkdir(parents=True, exist_ok=True)
    seed = json.loads((EXAMPLES / "netbox.json").read_text())
    racks = range(1 + servers // UNITS)
    seed["locations"].append({"name": "hall", "slug": "hall", "site": "dcoa"})
    seed["racks"] += [
        {"name": f"R{n:03d}", "site": "dcoa", "location": "hall", "u_height": 48} for n in racks
    ]
    seed["prefixes"].append({"prefix": str(PREFIX)})
    (folder / "netbox.json").write_text(json.dumps(seed))
    for name in ("kea-a", "kea-b"):
        (folder / f"{name}.json").write_text(json.dumps(_kea()))
    (folder / "bmcs.json").write_text("{}")
    return folder


def _kea() -> dict[str, Any]:
    hooks = ["libdhcp_host_cmds.so", "libdhcp_lease_cmds.so", "libdhcp_pgsql.so"]
    return {
        "Dhcp4": {
            "hosts-databases": [{"type": "postgresql", "name": "kea"}],
            "hooks-libraries": [{"library": hook} for hook in hooks],
            "reservations-in-subnet": True,
            "reservations-out-of-pool": False,
            "subnet4": [{"id": 1, "subnet": str(PREFIX)}],
        }
    }


def registrations(servers: int) -> Iterator[dict[str, Any]]:
    """One full record a server."""
    for number in range(servers):
        rack, unit = divmod(number, UNITS)
        yield {
            "bmc_mac": f"02:00:00:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}",
            "bmc_password": f"password-{number}",
            "bmc_ip": str(IPv4Address(int(PREFIX.network_address) + 256 + number)),
            "site": "dcoa",
            "location": "hall",
            "rack": f"R{rack:03d}",
            "position": unit + 1,
            "device_type": "supermicro-1u",
            "device_role": "k8s-worker",
        }
