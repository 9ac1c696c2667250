"""OpenBao with raft storage and TLS, unsealed by the lab; mounts, policies and AppRoles are production's."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import hvac
import requests

from tests.lab import processes, tls
from tests.lab.place import CHECKOUT, LAB, LOOPBACK, Env, folder, port, write

POLICIES = CHECKOUT / "deploy" / "openbao"
MOUNTS = ("onramp", "onramp-keys")
ROLES = ("vault-writer", "metal3-sync")
_DATA = LAB / "openbao" / "data"
_KEYS = LAB / "openbao" / "init.json"


def up() -> Env:
    """Start on empty storage and set everything up; a server that runs stays as it is."""
    if not processes.running("openbao"):
        shutil.rmtree(_DATA, ignore_errors=True)
        _KEYS.unlink(missing_ok=True)
    start()
    root = client()
    if f"{MOUNTS[0]}/" not in root.sys.list_mounted_secrets_engines()["data"]:
        _set_up(root)
    told = {"ONRAMP_OPENBAO_ADDRESS": url(), "ONRAMP_OPENBAO_CA_FILE": str(tls.authority())}
    told["ONRAMP_LAB_OPENBAO_ROOT_TOKEN"] = root.token
    told["ONRAMP_LAB_OPENBAO_UNSEAL_KEY"] = json.loads(_KEYS.read_text())["key"]
    for role in ROLES:
        name = role.upper().replace("-", "_")
        told[f"ONRAMP_{name}_ROLE_ID"] = root.auth.approle.read_role_id(role)["data"]["role_id"]
        told[f"ONRAMP_{name}_SECRET_ID"] = root.auth.approle.generate_secret_id(role)["data"]["secret_id"]
    return told


def start() -> None:
    """Start the server on what it has stored, and unseal it; the very first time it is initialized."""
    certificate, key = tls.server()
    listener = {
        "address": f"{LOOPBACK}:{port('openbao')}",
        "cluster_address": f"{LOOPBACK}:{port('openbao-cluster')}",
    }
    config = {
        "storage": {
            "raft": {"path": str(folder("openbao", "data")), "node_id": "lab", "performance_multiplier": "1"}
        },
        "listener": {"tcp": {**listener, "tls_cert_file": str(certificate), "tls_key_file": str(key)}},
        "api_addr": url(),
        "cluster_addr": f"https://{listener['cluster_address']}",
        "disable_mlock": True,
    }
    file = write(LAB / "openbao" / "config.json", json.dumps(config, indent=1))
    argv = [Path(sys.executable).parent / "bao", "server", f"-config={file}"]
    processes.start("openbao", argv, ready=processes.listens(port("openbao")))
    unseal()


def unseal() -> None:
    """Open the server's storage with the key that the lab keeps."""
    api = hvac.Client(url(), verify=str(tls.authority()))
    if not api.sys.is_initialized():
        keys = api.sys.initialize(secret_shares=1, secret_threshold=1)
        write(_KEYS, json.dumps({"key": keys["keys"][0], "token": keys["root_token"]}), mode=0o600)
    api.sys.submit_unseal_key(json.loads(_KEYS.read_text())["key"])
    processes.until(_active, "OpenBao to become active", 30)


def client() -> hvac.Client:
    """A client with the root token."""
    return hvac.Client(url(), token=json.loads(_KEYS.read_text())["token"], verify=str(tls.authority()))


def url() -> str:
    """The server's address."""
    return f"https://{LOOPBACK}:{port('openbao')}"


def _set_up(root: hvac.Client) -> None:
    for mount in MOUNTS:
        root.sys.enable_secrets_engine("kv", path=mount, options={"version": "2"})
    root.sys.enable_auth_method("approle")
    for role in ROLES:
        root.sys.create_or_update_policy(role, (POLICIES / f"{role}.hcl").read_text())
        root.auth.approle.create_or_update_approle(
            role, token_policies=[role], token_ttl="1h", token_max_ttl="24h"
        )
    processes.until(lambda: all(_upgraded(root, mount) for mount in MOUNTS), "OpenBao's mounts", 30)


def _upgraded(root: hvac.Client, mount: str) -> bool:
    try:
        root.secrets.kv.v2.read_configuration(mount_point=mount)
    except hvac.exceptions.InvalidRequest:
        # "Upgrading from non-versioned to versioned data": a new mount says so for a moment.
        return False
    return True


def _active() -> bool:
    try:
        return (
            requests.get(f"{url()}/v1/sys/health", verify=str(tls.authority()), timeout=5).status_code == 200
        )
    except requests.RequestException:
        return False
