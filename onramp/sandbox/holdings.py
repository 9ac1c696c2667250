"""What each backend holds of some servers, asked of the backends themselves."""

import asyncio
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import httpx
import hvac
from kubernetes import client, config
from rich.table import Table

from onramp.sandbox.backends import Backends

_PATIENCE = 15.0


async def holdings(backends: Backends, servers: Sequence[str]) -> list[Table]:
    """A table a backend; Kea servers that hold the same share one."""
    async with httpx.AsyncClient(trust_env=False, timeout=_PATIENCE) as http:
        devices = await _netbox(http, backends, servers)
        reservations = await _reservations(http, backends, servers)
    secrets = await asyncio.to_thread(_openbao, backends, servers)
    hosts = await asyncio.to_thread(_kubernetes, backends, servers)
    return [
        _table("NetBox", ("device", "place", "status", "BMC address"), devices),
        _table("OpenBao", ("secret", "version", "user"), secrets),
        *(_table(f"Kea: {names}", ("reservation", "MAC", "address"), rows) for names, rows in reservations),
        _table("Kubernetes", ("BareMetalHost", "state", "BMC"), hosts),
    ]


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(*columns, title=title, title_justify="left", title_style="bold", border_style="dim")
    for row in rows:
        table.add_row(*row)
    return table


async def _netbox(http: httpx.AsyncClient, backends: Backends, servers: Sequence[str]) -> list[list[str]]:
    kind = "Bearer" if backends.netbox_token.startswith("nbt_") else "Token"
    answer = await http.get(
        f"{backends.netbox_url.rstrip('/')}/api/dcim/devices/",
        params={"name": list(servers), "limit": 1000},
        headers={"Authorization": f"{kind} {backends.netbox_token}"},
    )
    return [
        [
            device["name"],
            f"{_of(device['rack'], 'name')} U{device['position']:g}" if device["position"] else "",
            _of(device["status"], "value"),
            _of(device["oob_ip"], "address"),
        ]
        for device in answer.raise_for_status().json()["results"]
    ]


def _of(part: dict[str, Any] | None, key: str) -> str:
    return str(part[key]) if part else ""


def _openbao(backends: Backends, servers: Sequence[str]) -> list[list[str]]:
    """With metal3_sync's own role, which may read them and nothing else. Passwords stay where they are."""
    role = backends.openbao_roles["metal3-sync"]
    vault = hvac.Client(url=backends.openbao_address, verify=backends.openbao_ca_file or True)
    vault.auth.approle.login(role.role_id, role.secret_id)
    rows = []
    for server in servers:
        try:
            found = vault.secrets.kv.v2.read_secret_version(
                f"bmc/{server}", mount_point="onramp", raise_on_deleted_version=True
            )["data"]
        except hvac.exceptions.InvalidPath:
            continue
        rows.append([f"onramp/bmc/{server}", str(found["metadata"]["version"]), found["data"]["username"]])
    return rows


async def _reservations(
    http: httpx.AsyncClient, backends: Backends, servers: Sequence[str]
) -> list[tuple[str, list[list[str]]]]:
    held = [(str(kea["name"]), await _kea(http, kea, servers)) for kea in backends.kea_servers]
    return [(", ".join(name for name, _ in same), rows) for rows, same in groupby(held, key=itemgetter(1))]


async def _kea(http: httpx.AsyncClient, kea: dict[str, Any], servers: Sequence[str]) -> list[list[str]]:
    auth = httpx.BasicAuth(kea.get("username") or "", kea.get("password") or "")
    rows = []
    for server in servers:
        command: dict[str, Any] = {
            "command": "reservation-get-by-hostname",
            "arguments": {"hostname": f"{server}-bmc"},
        }
        if kea.get("control_agent"):
            command["service"] = ["dhcp4"]
        answer = (await http.post(kea["url"], json=command, auth=auth)).json()[0]
        for host in answer.get("arguments", {}).get("hosts", []):
            rows.append([host["hostname"], host["hw-address"], host["ip-address"]])
    return rows


def _kubernetes(backends: Backends, servers: Sequence[str]) -> list[list[str]]:
    api: Any = client.CustomObjectsApi(config.new_client_from_config(backends.kubeconfig))  # type: ignore[no-untyped-call]
    hosts = api.list_namespaced_custom_object("metal3.io", "v1alpha1", "metal3", "baremetalhosts")["items"]
    return [
        [
            host["metadata"]["name"],
            host.get("status", {}).get("provisioning", {}).get("state", ""),
            host["spec"]["bmc"]["address"],
        ]
        for host in hosts
        if host["metadata"]["name"] in servers
    ]
