"""Each backend's own tools: what it holds, and whether anything was written there."""

import json
import os
from pathlib import Path
from typing import Any

import httpx

from onramp.sandbox.places import program
from tests.contract.dhcp.subject import Subject
from tests.contract.netbox.subject import Subject as NetBox
from tests.lab import kubernetes
from tests.lab.place import LAB, run

Json = dict[str, Any]
KEA_WRITES = ("reservation-add", "reservation-del", "lease4-del")
"""Not `config-write`: without a database that comes each time, for nothing tells whether it was done."""


def netbox() -> NetBox:
    """NetBox's REST API."""
    return NetBox(os.environ["ONRAMP_NETBOX_URL"], os.environ["ONRAMP_NETBOX_TOKEN"])


def bao_kv_get(server: str) -> Json:
    """`bao kv get`, as the root."""
    given = {
        "BAO_ADDR": os.environ["ONRAMP_OPENBAO_ADDRESS"],
        "BAO_CACERT": os.environ["ONRAMP_OPENBAO_CA_FILE"],
        "BAO_TOKEN": os.environ["ONRAMP_LAB_OPENBAO_ROOT_TOKEN"],
    }
    argv = [program("bao"), "kv", "get", "-format=json", "-mount=onramp", f"bmc/{server}"]
    found: Json = json.loads(run(argv, env=given))["data"]
    return found


def reservation_get_all(server: Json) -> list[tuple[str, str, str]]:
    """Kea's `reservation-get-all` over its subnets: hostname, MAC and address, sorted."""
    return Subject(server).reservations(0)


def kubectl_get_bmh() -> dict[str, Json]:
    """`kubectl get bmh`, by name."""
    return _kubectl_get("bmh")


def written_so_far() -> dict[str, object]:
    """What changes with any write of ours, by the backends' own records."""
    return {
        "NetBox's changes": _netbox_changes(),
        **{f"commands of {log.stem}": _kea_writes(log) for log in sorted((LAB / "log").glob("kea-*.log"))},
        **{
            f"{kind} {name}": one["metadata"]["resourceVersion"]
            for kind in ("bmh", "secret")
            for name, one in _kubectl_get(kind).items()
        },
    }


def _kea_writes(log: Path) -> int:
    return sum(log.read_text().count(f"'{verb}'") for verb in KEA_WRITES)


def _netbox_changes() -> int:
    answer = httpx.get(
        f"{os.environ['ONRAMP_NETBOX_URL']}/api/core/object-changes/",
        params={"limit": 1},
        headers={"Authorization": f"Bearer {os.environ['ONRAMP_NETBOX_TOKEN']}"},
    )
    return int(answer.raise_for_status().json()["count"])


def _kubectl_get(kind: str) -> dict[str, Json]:
    listed = json.loads(kubernetes.kubectl("get", kind, f"--namespace={kubernetes.NAMESPACE}", "-o", "json"))
    return {one["metadata"]["name"]: one for one in listed["items"]}
