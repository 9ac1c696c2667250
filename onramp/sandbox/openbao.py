"""A real OpenBao of the sandbox's own: raft storage in a folder, policies of deploy/openbao, no dev mode."""

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import hvac
import requests

from onramp.sandbox.places import DEPLOY, LOOPBACK, free_ports, program
from onramp.sandbox.processes import Program, Spawn, spawn

MOUNTS = ("onramp", "onramp-keys")
ROLES = ("vault-writer", "metal3-sync")
_STARTS_WITHIN = 60.0
_TRIES_EVERY = 0.05


@dataclass(frozen=True)
class AppRole:
    """What a service logs in with."""

    role_id: str
    secret_id: str = field(repr=False)


@dataclass(frozen=True)
class OpenBao:
    """A running server; its roles by the name of their policy."""

    address: str
    root_token: str = field(repr=False)
    unseal_key: str = field(repr=False)
    roles: Mapping[str, AppRole]
    process: Program = field(repr=False)
    log: Path
    name: ClassVar[str] = "OpenBao"

    @property
    def exit_code(self) -> int | None:
        """How it ended; `None` while it runs."""
        return self.process.poll()

    def stop(self) -> None:
        """End the server and wait for its end."""
        self.process.terminate()
        self.process.wait()


def start(folder: Path, *, certificate: Path | None = None, spawn: Spawn = spawn) -> OpenBao:
    """Start, initialise, unseal and fill an OpenBao in a folder of its own.

    `certificate`, a PEM file of key, certificate and its CA, makes it speak HTTPS. Raises
    `RuntimeError` with the server's last log lines when it does not come up.
    """
    port, cluster_port = free_ports(2)
    address = f"{'https' if certificate else 'http'}://{LOOPBACK}:{port}"
    _configure(folder, address, port, cluster_port, certificate)
    command = [program("bao"), "server", "-config", str(folder / "openbao.json")]
    log = folder / "openbao.log"
    process = spawn(command, log, os.environ)
    client = hvac.Client(url=address, token="", verify=str(certificate or "") or True)
    try:
        _wait_for(process, client, 501, folder)
        keys = client.sys.initialize(secret_shares=1, secret_threshold=1)
        client.sys.submit_unseal_key(keys["keys"][0])
        _wait_for(process, client, 200, folder)
        client.token = keys["root_token"]
        return OpenBao(address, keys["root_token"], keys["keys"][0], _furnish(client), process, log)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _configure(folder: Path, address: str, port: int, cluster_port: int, certificate: Path | None) -> None:
    (folder / "data").mkdir(parents=True)
    tls = {"tls_cert_file": str(certificate), "tls_key_file": str(certificate)}
    listener = {"address": f"{LOOPBACK}:{port}", "cluster_address": f"{LOOPBACK}:{cluster_port}"}
    configuration = {
        # The smallest multiplier: a node that is alone need not wait long for the others' votes.
        "storage": {
            "raft": {"path": str(folder / "data"), "node_id": "sandbox", "performance_multiplier": 1}
        },
        "listener": {"tcp": {**listener, **(tls if certificate else {"tls_disable": True})}},
        "api_addr": address,
        "cluster_addr": f"https://{LOOPBACK}:{cluster_port}",
    }
    (folder / "openbao.json").write_text(json.dumps(configuration, indent=2))


def _wait_for(process: Program, client: hvac.Client, status: int, folder: Path) -> None:
    """Until the server's health has that HTTP status: 501 not initialised, 200 active."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if client.sys.read_health_status().status_code == status:
                return
        except requests.ConnectionError:
            pass
        time.sleep(_TRIES_EVERY)
    last = "\n".join((folder / "openbao.log").read_text().splitlines()[-10:])
    raise RuntimeError(f"OpenBao did not come up:\n{last}")


def _furnish(client: hvac.Client) -> dict[str, AppRole]:
    """Mounts, policies and roles, as the deployment's own documentation makes them."""
    for mount in MOUNTS:
        client.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
        _wait_for_versions(client, mount)
    client.sys.enable_auth_method("approle")
    return {role: _role(client, role) for role in ROLES}


def _wait_for_versions(client: hvac.Client, mount: str) -> None:
    """Until a new KV v2 mount has made itself ready; before that it answers 400."""
    deadline = time.monotonic() + _STARTS_WITHIN
    while True:
        try:
            client.secrets.kv.v2.read_configuration(mount_point=mount)
            return
        except hvac.exceptions.InvalidRequest:
            if time.monotonic() > deadline:
                raise
            time.sleep(_TRIES_EVERY)


def _role(client: hvac.Client, role: str) -> AppRole:
    client.sys.create_or_update_policy(role, (DEPLOY / "openbao" / f"{role}.hcl").read_text())
    approle = client.auth.approle
    approle.create_or_update_approle(role, token_policies=[role], token_ttl="1h", token_max_ttl="24h")
    role_id = approle.read_role_id(role)["data"]["role_id"]
    return AppRole(role_id, approle.generate_secret_id(role)["data"]["secret_id"])
