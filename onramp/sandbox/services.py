"""The five services as five processes, each with the environment that it needs and no other's secrets."""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from onramp.sandbox.backends import Backends
from onramp.sandbox.places import LOOPBACK, free_ports
from onramp.sandbox.processes import Process
from onramp.sandbox.waiting import answers

SERVICES = ("intake", "netbox_sync", "vault_writer", "kea_sync", "metal3_sync")


def service(name: str, folder: Path, nats: Mapping[str, str], backends: Backends) -> tuple[Process, str]:
    """One service's process, not started yet, and its HTTP address. `nats`: address and credentials."""
    [port] = free_ports(1)
    url = f"http://{LOOPBACK}:{port}"
    own = {"ONRAMP_HTTP_PORT": str(port), **nats, **_backend(name, backends)}
    command = [sys.executable, "-m", f"{name}.app"]
    ready = answers(f"{url}/readyz")
    return Process(name, command, folder / f"{name}.log", ready, {**_inherited(), **own}), url


def _inherited() -> dict[str, str]:
    """Everything that is not Onramp's, and its wiring."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ONRAMP_")}
    wiring = os.environ.get("ONRAMP_WIRING")
    return {**kept, **({"ONRAMP_WIRING": wiring} if wiring else {})}


def _backend(name: str, backends: Backends) -> dict[str, str]:
    match name:
        case "netbox_sync":
            return {
                **_settings_of("ONRAMP_NETBOX_"),
                "ONRAMP_NETBOX_URL": backends.netbox_url,
                "ONRAMP_NETBOX_TOKEN": backends.netbox_token,
            }
        case "vault_writer":
            return _openbao("vault-writer", backends)
        case "kea_sync":
            return {"ONRAMP_KEA_SERVERS": json.dumps(backends.kea_servers)}
        case "metal3_sync":
            return {"ONRAMP_KUBECONFIG": backends.kubeconfig, **_openbao("metal3-sync", backends)}
    return {}


def _openbao(role: str, backends: Backends) -> dict[str, str]:
    approle = backends.openbao_roles[role]
    ca_file = {"ONRAMP_OPENBAO_CA_FILE": backends.openbao_ca_file} if backends.openbao_ca_file else {}
    return {
        "ONRAMP_OPENBAO_ADDRESS": backends.openbao_address,
        "ONRAMP_OPENBAO_ROLE_ID": approle.role_id,
        "ONRAMP_OPENBAO_SECRET_ID": approle.secret_id,
        **ca_file,
    }


def _settings_of(prefix: str) -> dict[str, str]:
    """What the person set for one backend beside its address: its CA bundle, say."""
    return {name: value for name, value in os.environ.items() if name.startswith(prefix)}
