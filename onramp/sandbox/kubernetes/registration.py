"""How the operator gets into a BMC: the credentials' Secret, what is tried, what went wrong.

Source: `buildAndValidateBMCCredentials` and `registerHost` of the baremetal-operator. The BMCs are a
table from `bmc.address` to password: an address that is not in it takes any password.
"""

import base64
import uuid
from dataclasses import dataclass, field

from onramp.sandbox.kubernetes import rules
from onramp.sandbox.kubernetes.registry import Registry, Writer
from onramp.sandbox.kubernetes.resources import HOSTS, SECRETS, Object
from onramp.sandbox.kubernetes.store import Key

SECRET_FINALIZER = "baremetalhost.metal3.io/secret"
MANAGER = Writer("baremetal-operator")


class RegistrationError(Exception):
    """What the host's `errorMessage` says."""


@dataclass
class Registration:
    """Claims Secrets and tries credentials; `passwords` by BMC address."""

    registry: Registry
    passwords: dict[str, str] = field(default_factory=dict)

    def claim_secret(self, key: Key, host: Object) -> Object:
        """The host's Secret, labelled, owned and held by a finalizer; each of that is a write to it.

        :raises RegistrationError: where there is none, or a part of the credentials is missing.
        """
        name = host["spec"].get("bmc", {}).get("credentialsName", "")
        if not name:
            raise RegistrationError("No BMC CredentialsName defined The BMC secret reference is empty")
        secret_key = Key(SECRETS, key.namespace, name)
        if self.registry.store.get(secret_key) is None:
            where = f"{key.namespace}/{name}"
            text = f"BMC CredentialsName secret doesn't exist The BMC secret {where} does not exist"
            raise RegistrationError(text)
        secret = self.registry.update(secret_key, lambda found: _claimed(found, key, host), MANAGER)
        for part, noun in (("username", "detail"), ("password", "details")):
            if not _decoded(secret, part):
                what = f"Missing BMC connection {noun} '{part}' in credentials"
                raise RegistrationError(f"Validation error with BMC credentials: {what}")
        return secret

    def release_secret(self, key: Key, host: Object) -> None:
        """Let the Secret of a host that goes be deleted."""
        secret_key = Key(SECRETS, key.namespace, host["spec"].get("bmc", {}).get("credentialsName", ""))
        if self.registry.store.get(secret_key) is not None:
            self.registry.update(secret_key, _released, MANAGER)

    def register(self, key: Key, host: Object, secret: Object) -> bool:
        """Try the credentials and record that in the host's status; whether there was anything to do.

        :raises RegistrationError: as the BMC, or Ironic, refuses.
        """
        status, version = host["status"], credentials(secret)
        if status.get("triedCredentials") != version:
            status["triedCredentials"] = version
            status["provisioning"]["ID"] = status["provisioning"].get("ID") or str(uuid.uuid4())
            _clear_error(status)
            return True
        self._enroll(key, host)
        self._log_in(host, secret)
        if status.get("goodCredentials") == version and status.get("errorType") != "registration error":
            return False
        status["goodCredentials"] = version
        status["errorCount"] = 0
        _clear_error(status)
        return True

    def _enroll(self, key: Key, host: Object) -> None:
        spec = host["spec"]
        scheme, mac = rules.driver(spec["bmc"]["address"]), spec.get("bootMACAddress", "")
        # Ironic wants a MAC for what boots from the network; virtual media and IPMI do without.
        needs_mac = scheme == "libvirt" or scheme.partition("+")[0] in rules.REDFISH
        if not mac and (needs_mac or rules.inspection_disabled(host)):
            raise RegistrationError(f"BMC driver {scheme} requires a BootMACAddress value")
        for other, found in self.registry.store.all(HOSTS) if mac else ():
            is_enrolled = other != key and found.get("status", {}).get("goodCredentials")
            if is_enrolled and found["spec"].get("bootMACAddress", "").lower() == mac.lower():
                node = f"{other.namespace}~{other.name}"
                raise RegistrationError(f"MAC address {mac} conflicts with existing node {node}")

    def _log_in(self, host: Object, secret: Object) -> None:
        address = host["spec"]["bmc"]["address"]
        if self.passwords.get(address, ...) in (..., _decoded(secret, "password")):
            return
        node = host["status"]["provisioning"]["ID"]
        answer = "returned code 401. Base.1.0.InsufficientPrivilege: Incorrect username or password"
        raise RegistrationError(
            f"Failed to get power state for node {node}. Error: HTTP GET {_url(address)} {answer}"
        )


def credentials(secret: Object) -> Object:
    """As `triedCredentials` and `goodCredentials` name a Secret."""
    metadata = secret["metadata"]
    reference = {"name": metadata["name"], "namespace": metadata["namespace"]}
    return {"credentials": reference, "credentialsVersion": metadata["resourceVersion"]}


def _clear_error(status: Object) -> None:
    status |= {"operationalStatus": "OK", "errorMessage": ""}
    status.pop("errorType", None)


def _claimed(secret: Object, key: Key, host: Object) -> Object:
    metadata, uid = secret["metadata"], host["metadata"]["uid"]
    metadata.setdefault("labels", {}).setdefault("environment.metal3.io", "baremetal")
    owners = metadata.setdefault("ownerReferences", [])
    if not any(owner.get("uid") == uid for owner in owners):
        owners.append(
            {"apiVersion": HOSTS.api_version, "kind": HOSTS.kind, "name": key.name, "uid": uid}
        )  # fmt: skip
    if SECRET_FINALIZER not in metadata.setdefault("finalizers", []):
        metadata["finalizers"].append(SECRET_FINALIZER)
    return secret


def _released(secret: Object) -> Object:
    finalizers = secret["metadata"].get("finalizers", [])
    secret["metadata"]["finalizers"] = [name for name in finalizers if name != SECRET_FINALIZER]
    return secret


def _decoded(secret: Object, part: str) -> str:
    return base64.b64decode((secret.get("data") or {}).get(part, "")).decode()


def _url(address: str) -> str:
    scheme, _, rest = address.partition("://")
    transport = scheme.partition("+")[2] or "https"
    return f"{transport}://{rest}"
