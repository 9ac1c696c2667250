"""What the baremetal-operator's admission webhook refuses, in its words.

Source: `internal/webhooks/metal3.io/v1alpha1/baremetalhost_validation.go`. It sees creates and updates of a
host, not of its status.
"""

import ipaddress
import re
import uuid
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from onramp.sandbox.kubernetes.errors import denied_by_webhook
from onramp.sandbox.kubernetes.resources import Object

WEBHOOK = "baremetalhost.metal3.io"
REDFISH = ("redfish", "ilo5-redfish", "idrac-redfish")
VIRTUAL_MEDIA = ("redfish-virtualmedia", "ilo5-virtualmedia", "idrac-virtualmedia", "redfish-uefihttp")
SCHEMES = {"ipmi", "libvirt"} | {
    f"{driver}{transport}" for driver in (*REDFISH, *VIRTUAL_MEDIA) for transport in ("", "+http", "+https")
}
_LABEL = r"([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\-]{0,61}[a-zA-Z0-9])"
_MAC = re.compile(
    r"([0-9a-f]{2}:){5}[0-9a-f]{2}|([0-9a-f]{2}-){5}[0-9a-f]{2}|([0-9a-f]{4}\.){2}[0-9a-f]{4}", re.I
)


def admit(before: Object | None, after: Object) -> None:
    """Let a host in.

    :raises Refused: 403 with everything that the webhook has against it.
    """
    problems = list(_problems(after))
    if before is not None:
        problems += _forbidden_changes(before, after)
    if problems:
        raise denied_by_webhook(WEBHOOK, problems)


def driver(address: str) -> str:
    """The scheme of a BMC address; a bare host is IPMI's."""
    return _parsed(address).scheme


def inspection_disabled(host: Object) -> bool:
    """Whether a host is taken as it is, by its field or by the older annotation."""
    annotation = host["metadata"].get("annotations", {}).get("inspect.metal3.io")
    return "disabled" in (host.get("spec", {}).get("inspectionMode"), annotation)


def _parsed(address: str) -> SplitResult:
    if "://" in address:
        return urlsplit(address)
    scheme, _, rest = address.partition(":")
    return urlsplit(f"{scheme}://{rest}" if scheme in SCHEMES else f"ipmi://{address}")


def _problems(host: Object) -> Iterator[str]:
    spec, name = host.get("spec", {}), host["metadata"]["name"]
    address = spec.get("bmc", {}).get("address", "")
    yield from _address_problems(address)
    if "firmware" in spec:
        yield "the Firmware field is no longer supported, use HostFirmwareSettings resource instead"
    if address and driver(address) in SCHEMES:
        yield from _access_problems(host, driver(address))
    if _is_uuid(name):
        yield "BareMetalHost resource name cannot be a UUID"
    annotation = host["metadata"].get("annotations", {}).get("inspect.metal3.io", "")
    mode = spec.get("inspectionMode", "")
    if annotation not in ("disabled", ""):
        yield 'invalid value for the inspect.metal3.io annotation, allowed are "disabled" or ""'
    if annotation and mode and (annotation == "disabled") != (mode == "disabled"):
        yield "inspect.metal3.io annotation and inspectionMode field have contradicting values"
    if spec.get("disablePowerOff") and not spec.get("online"):
        yield "node can't simultaneously have online set to false and have power off disabled"


def _address_problems(address: str) -> Iterator[str]:
    if not address:
        return
    parsed = _parsed(address)
    host = parsed.hostname or ""
    if host and not _is_ip(host) and not re.fullmatch(rf"({_LABEL}\.)*{_LABEL}", host):
        text = f"failed to parse BMC address information: BMC address hostname/IP : [{host}] is invalid"
        yield text
    elif parsed.scheme not in SCHEMES:
        yield f"Unknown BMC type '{parsed.scheme}' for address {address}"


def _access_problems(host: Object, scheme: str) -> Iterator[str]:
    mac = host.get("spec", {}).get("bootMACAddress", "")
    if not mac and (scheme == "libvirt" or inspection_disabled(host)):
        yield f"BMC driver {scheme} requires a BootMACAddress value"
    if mac and not _MAC.fullmatch(mac):
        yield f"address {mac}: invalid MAC address"


def _forbidden_changes(before: Object, after: Object) -> Iterator[str]:
    old, new = before.get("spec", {}), after.get("spec", {})
    status = before.get("status", {})
    state = status.get("provisioning", {}).get("state", "")
    address = old.get("bmc", {}).get("address", "")
    if (
        address
        and new.get("bmc", {}).get("address", "") != address
        and status.get("operationalStatus") != "detached"
        and state != "registering"
    ):
        yield (
            "BMC address can not be changed if the BMH is not in the Registering state, "
            "or if the BMH is not detached"
        )
    mac = old.get("bootMACAddress", "")
    if mac and new.get("bootMACAddress", "").lower() != mac.lower():
        yield "bootMACAddress can not be changed once it is set"
    enabled = new.get("externallyProvisioned") and not old.get("externallyProvisioned")
    if enabled and state != "available":
        yield f"externallyProvisioned can only be enabled when in Available state, currently in {state}"


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_uuid(name: str) -> bool:
    try:
        uuid.UUID(name)
    except ValueError:
        return False
    return True
