"""The sandbox's backends, seeded with chaos's own servers, and reached through proxies where one stands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from onramp.sandbox.backends import Backends
from onramp.sandbox.places import LOOPBACK
from onramp.sandbox.processes import Process
from tests.chaos import yard
from tests.chaos.proxy import Proxy

SEED_FLAGS = {"netbox": "--seed", "kea-a": "--config", "kea-b": "--config", "kubernetes": "--bmc"}


def seed_emulators(backends: Backends, folder: Path) -> None:
    """Give the emulators the yard's files; each Kea has a store of its own."""
    seeds = yard.write_seeds(folder)
    for name, emulator in backends.emulators.items():
        seed = "bmcs.json" if name == "kubernetes" else f"{name}.json"
        _set(emulator, SEED_FLAGS[name], seeds[seed])
        if name.startswith("kea"):
            _set(emulator, "--hosts", folder / f"{name}-hosts.sqlite")
        if name == "kubernetes":
            emulator.command = [*emulator.command, "--step-seconds", "0.05"]


def put_between(backends: Backends, proxies: Mapping[str, Proxy]) -> None:
    """Let the services reach what has a proxy through it."""
    if "netbox" in proxies:
        backends.netbox_url = _url(proxies["netbox"])
    if "openbao" in proxies:
        backends.openbao_address = _url(proxies["openbao"])
    for kea in backends.kea_servers:
        if kea["name"] in proxies:
            kea["url"] = _url(proxies[kea["name"]])
    if "kubernetes" in proxies:
        file = Path(backends.kubeconfig)
        text = file.read_text().replace(kubernetes_url(backends), _url(proxies["kubernetes"]))
        file.write_text(text)


def kubernetes_url(backends: Backends) -> str:
    """Where the API server is, as the kubeconfig says."""
    return str(_kubeconfig(backends)["clusters"][0]["cluster"]["server"])


def kubernetes_token(backends: Backends) -> str:
    """The token in the kubeconfig."""
    return str(_kubeconfig(backends)["users"][0]["user"]["token"])


def _kubeconfig(backends: Backends) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(Path(backends.kubeconfig).read_text())
    return found


def _url(proxy: Proxy) -> str:
    return f"http://{LOOPBACK}:{proxy.port}"


def _set(emulator: Process, flag: str, value: Path) -> None:
    command = list(emulator.command)
    command[command.index(flag) + 1] = str(value)
    emulator.command = command
