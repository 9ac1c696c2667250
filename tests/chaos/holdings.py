"""What every backend holds of some servers, in a form in which two servers that stand alike look alike."""

import asyncio
import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
import hvac

from onramp.sandbox.backends import Backends
from tests.chaos.wiring import kubernetes_token, kubernetes_url
from tests.chaos.yard import SUBNETS, Scan

Json = dict[str, Any]


class Holdings:
    """A look at all backends, past any proxy; `at` tells the emulators' own addresses by name."""

    def __init__(self, backends: Backends, at: Mapping[str, str]) -> None:
        self._backends = backends
        self._at = at

    async def of(self, scans: Iterable[Scan], *, versions: bool = True) -> dict[str, str]:
        """By server: everything that stands under the name, MAC or address of its newest scan, as one text.

        What is the server's own is replaced by its kind. `versions` says whether the secret's counts.
        """
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            netbox = await self._netbox(http)
            keas = {kea["name"]: await self._kea(http, kea) for kea in self._backends.kea_servers}
            hosts, secrets = await self._kubernetes(http)
        found = {}
        for scan in scans:
            name = scan["device_name"]
            held = {
                "netbox": _of_netbox(netbox, scan),
                **{kea: _of_kea(reservations, scan) for kea, reservations in keas.items()},
                "openbao": await asyncio.to_thread(self._openbao, name, versions),
                "hosts": [_host(host) for host in hosts if host["metadata"]["name"] == name],
                "secrets": [one["data"] for one in secrets if one["metadata"]["name"].startswith(name)],
            }
            found[name] = _anonymous(json.dumps(held, sort_keys=True), scan)
        return found

    async def _netbox(self, http: httpx.AsyncClient) -> dict[str, list[Json]]:
        headers = {"Authorization": f"Bearer {self._backends.netbox_token}"}
        found: dict[str, list[Json]] = {}
        for path in ("dcim/devices", "dcim/interfaces", "dcim/mac-addresses", "ipam/ip-addresses"):
            url: str | None = f"{self._at['netbox']}/api/{path}/?limit=1000"
            found[path] = []
            while url:
                page = (await http.get(url, headers=headers)).raise_for_status().json()
                found[path] += page["results"]
                url = page["next"]
        return found

    async def _kea(self, http: httpx.AsyncClient, kea: Json) -> list[Json]:
        found: list[Json] = []
        for subnet_id in SUBNETS.values():
            command = {"command": "reservation-get-all", "arguments": {"subnet-id": subnet_id}}
            auth = (kea["username"], kea["password"])
            answer = (await http.post(self._at[kea["name"]], json=command, auth=auth)).json()[0]
            found += answer.get("arguments", {}).get("hosts", [])
        return found

    async def _kubernetes(self, http: httpx.AsyncClient) -> tuple[list[Json], list[Json]]:
        headers = {"Authorization": f"Bearer {kubernetes_token(self._backends)}"}

        async def listed(path: str) -> list[Json]:
            answer = await http.get(f"{self._at['kubernetes']}/{path}", headers=headers)
            items: list[Json] = answer.raise_for_status().json()["items"]
            return items

        hosts = await listed("apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts")
        return hosts, await listed("api/v1/namespaces/metal3/secrets")

    def _openbao(self, name: str, versions: bool) -> Json:
        server = self._backends.openbao_server
        assert server is not None
        vault = hvac.Client(url=server.address, token=server.root_token)
        try:
            newest = vault.secrets.kv.v2.read_secret_version(
                f"bmc/{name}", mount_point="onramp", raise_on_deleted_version=True
            )["data"]
        except hvac.exceptions.InvalidPath:
            return {}
        return {"data": newest["data"], **({"version": newest["metadata"]["version"]} if versions else {})}


def addresses(backends: Backends) -> dict[str, str]:
    """The emulators' own addresses, taken before any proxy stands between."""
    keas = {kea["name"]: kea["url"] for kea in backends.kea_servers}
    return {"netbox": backends.netbox_url, "kubernetes": kubernetes_url(backends), **keas}


def _anonymous(held: str, scan: Scan) -> str:
    password = scan["bmc_password"]
    own = {
        scan["device_name"]: "its name",
        base64.b64encode(password.encode()).decode(): "its password in base64",
        password: "its password",
        f'"{scan["bmc_ip"]}"': '"its address"',
        f'//{scan["bmc_ip"]}"': '//its address"',
        f"{scan['bmc_ip']}/": "its address/",
        scan["bmc_mac"]: "its MAC",
    }
    for value, kind in own.items():
        held = held.replace(value, kind)
    return held


def _of_netbox(found: Mapping[str, list[Json]], scan: Scan) -> Json:
    devices = [device for device in found["dcim/devices"] if device["name"] == scan["device_name"]]
    ids = {device["id"] for device in devices}
    interfaces = [one for one in found["dcim/interfaces"] if one["device"]["id"] in ids]
    on = {one["id"] for one in interfaces}
    macs, ips = found["dcim/mac-addresses"], found["ipam/ip-addresses"]
    return {
        "devices": [_device(device, scan) for device in devices],
        "interfaces": [(one["name"], (one["mac_address"] or "").lower()) for one in interfaces],
        "macs": sorted(
            mac["mac_address"].lower()
            for mac in macs
            if mac["assigned_object_id"] in on or mac["mac_address"].lower() == scan["bmc_mac"]
        ),
        "addresses": sorted(
            (ip["address"], ip["assigned_object_id"] in on)
            for ip in ips
            if ip["assigned_object_id"] in on or ip["address"].split("/")[0] == scan["bmc_ip"]
        ),
    }


def _device(device: Json, scan: Scan) -> Json:
    rack = device["rack"]["name"] if device["rack"] else None
    return {
        "where it was scanned": (rack, device["position"]) == (scan["rack"], scan["position"]),
        "status": device["status"]["value"],
        "oob_ip": device["oob_ip"]["address"] if device["oob_ip"] else None,
    }


def _of_kea(found: list[Json], scan: Scan) -> list[Any]:
    """Every reservation that is the server's by one of the three."""
    own = {
        "hostname": f"{scan['device_name']}-bmc",
        "hw-address": scan["bmc_mac"],
        "ip-address": scan["bmc_ip"],
    }
    return [
        [host["subnet-id"], host["hostname"], host["hw-address"], host["ip-address"]]
        for host in found
        if any(host.get(key) == value for key, value in own.items())
    ]


def _host(host: Json) -> Json:
    return {"spec": host["spec"], "state": host.get("status", {}).get("provisioning", {}).get("state")}
