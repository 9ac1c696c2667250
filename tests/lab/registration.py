"""How the lab's operator registers a host: it claims the Secret, tries it, and remembers which was good."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from kubernetes import client

from tests.lab.host_states import ERRORS, Host, fail, mend

SECRET_FINALIZER = "baremetalhost.metal3.io/secret"
LABEL = "environment.metal3.io"
MANAGER = "baremetal-operator"

# Ironic's own words for a BMC that answers 401, as the operator passes them on.
WRONG_PASSWORD = (
    "Failed to get power state for node {uid}. Error: HTTP GET {address} returned code 401. "
    "Base.1.0.GeneralError: Incorrect username or password"
)


def register(host: Host, secrets: client.CoreV1Api, bmc: Host) -> bool:
    """Whether the host may go on: its BMC takes the Secret's password, which is then noted as good."""
    status, name = host["status"], host["spec"]["bmc"]["credentialsName"]
    namespace = host["metadata"]["namespace"]
    try:
        secret = _claim(secrets, secrets.read_namespaced_secret(name, namespace), host)
    except client.ApiException as refused:
        if refused.status != 404:
            raise
        fail(status, ERRORS["registering"], f"The BMC secret {namespace}/{name} does not exist")
        return False
    reference = {"name": name, "namespace": namespace}
    tried = {"credentials": reference, "credentialsVersion": secret.metadata.resource_version}
    status["triedCredentials"] = tried
    refusal = _refusal(host, secret, bmc)
    if refusal:
        fail(status, ERRORS["registering"], refusal)
        return False
    status["goodCredentials"] = tried
    if status.get("errorType") == ERRORS["registering"]:
        mend(status)
    return True


def release(host: Host, secrets: client.CoreV1Api) -> None:
    """Let the Secret of a host that is being deleted go."""
    name = host["spec"].get("bmc", {}).get("credentialsName")
    if not name:
        return
    try:
        secret: Any = secrets.read_namespaced_secret(name, host["metadata"]["namespace"])
    except client.ApiException as refused:
        if refused.status != 404:
            raise
        return
    if SECRET_FINALIZER in (secret.metadata.finalizers or []):
        secret.metadata.finalizers.remove(SECRET_FINALIZER)
        _put(secrets, secret)


def _refusal(host: Host, secret: Any, bmc: Host) -> str:
    if bmc.get("fails") == "registering":
        return str(bmc["message"])
    given = b64decode((secret.data or {}).get("password", "")).decode()
    if bmc.get("password", given) == given:
        return ""
    address = host["spec"]["bmc"]["address"].rpartition("+")[2]
    return WRONG_PASSWORD.format(uid=host["metadata"]["uid"], address=address)


def _claim(secrets: client.CoreV1Api, secret: Any, host: Host) -> Any:
    meta, owner = secret.metadata, host["metadata"]
    owned = any(reference.uid == owner["uid"] for reference in meta.owner_references or [])
    if owned and LABEL in (meta.labels or {}) and SECRET_FINALIZER in (meta.finalizers or []):
        return secret
    if not owned:
        kind = {"api_version": host["apiVersion"], "kind": host["kind"]}
        reference = client.V1OwnerReference(**kind, name=owner["name"], uid=owner["uid"])
        meta.owner_references = [*(meta.owner_references or []), reference]
    meta.labels = {LABEL: "baremetal", **(meta.labels or {})}
    meta.finalizers = sorted({*(meta.finalizers or []), SECRET_FINALIZER})
    return _put(secrets, secret)


def _put(secrets: client.CoreV1Api, secret: Any) -> Any:
    meta = secret.metadata
    return secrets.replace_namespaced_secret(meta.name, meta.namespace, secret, field_manager=MANAGER)
