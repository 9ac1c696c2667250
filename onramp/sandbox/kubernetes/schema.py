"""What the CRD of a BareMetalHost accepts in `spec`: types, required fields, choices and defaults.

The facts are those of `config/base/crds/bases/metal3.io_baremetalhosts.yaml` of the baremetal-operator.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from onramp.sandbox.kubernetes.resources import Object

Cause = tuple[str, str, str]


@dataclass(frozen=True)
class Field:
    """One field: `fields` of an object ({} for free form), `items` of an array."""

    type: str
    fields: "dict[str, Field]" = field(default_factory=dict)
    items: "Field | None" = None
    required: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    pattern: str = ""
    default: Any = None


def _object(*required: str, **fields: Field) -> Field:
    return Field("object", fields=fields, required=required)


STRING, BOOLEAN, INTEGER = Field("string"), Field("boolean"), Field("integer")
FREE, FREE_LIST = Field("object"), Field("array", items=Field("object"))
MAC = r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}"
SECRET_REFERENCE = _object(name=STRING, namespace=STRING)
_REFERENCE_FIELDS = ("apiVersion", "fieldPath", "kind", "name", "namespace", "resourceVersion", "uid")
_HINTS = (
    "deviceName", "hctl", "model", "vendor", "serialNumber", "wwn", "wwnWithExtension", "wwnVendorExtension",
)  # fmt: skip

SPEC = _object(
    "online",
    architecture=STRING,
    automatedCleaningMode=Field("string", choices=("metadata", "disabled"), default="metadata"),
    bmc=_object(
        "address", "credentialsName",
        address=STRING, credentialsName=STRING, disableCertificateVerification=BOOLEAN,
    ),
    bootMACAddress=Field("string", pattern=MAC),
    bootMode=Field("string", choices=("UEFI", "UEFISecureBoot", "legacy")),
    consumerRef=_object(**dict.fromkeys(_REFERENCE_FIELDS, STRING)),
    customDeploy=_object("method", method=STRING),
    description=STRING,
    disablePowerOff=BOOLEAN,
    externallyProvisioned=BOOLEAN,
    firmware=FREE,
    hardwareProfile=STRING,
    image=_object(
        "url",
        url=STRING,
        checksum=STRING,
        checksumType=Field("string", choices=("md5", "sha256", "sha512", "auto")),
        format=Field("string", choices=("raw", "qcow2", "vdi", "vmdk", "live-iso")),
        ociAuthSecretName=STRING,
    ),
    inspectionMode=Field("string", choices=("disabled", "agent", "fast")),
    metaData=SECRET_REFERENCE,
    networkData=SECRET_REFERENCE,
    networkInterfaces=FREE_LIST,
    online=BOOLEAN,
    preprovisioningNetworkDataName=STRING,
    raid=FREE,
    rootDeviceHints=_object(
        minSizeGigabytes=INTEGER, rotational=BOOLEAN, **dict.fromkeys(_HINTS, STRING)
    ),
    taints=FREE_LIST,
    userData=SECRET_REFERENCE,
)  # fmt: skip
HOST = _object(apiVersion=STRING, kind=STRING, metadata=FREE, spec=SPEC, status=FREE)

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
}  # fmt: skip


def unknown(value: Any, known: Field = HOST, path: str = "") -> Iterator[str]:
    """The paths of fields that the schema does not know."""
    if not isinstance(value, dict) or not known.fields:
        return
    for name, child in value.items():
        inner = f"{path}.{name}" if path else name
        if name in known.fields:
            yield from unknown(child, known.fields[name], inner)
        else:
            yield inner


def settle(value: Any, known: Field = HOST) -> Any:
    """The value without unknown fields and nulls, with defaults filled in."""
    if not isinstance(value, dict) or not known.fields:
        return value
    settled = {
        name: settle(child, known.fields[name])
        for name, child in value.items()
        if name in known.fields and child is not None
    }
    for name, child in known.fields.items():
        if child.default is not None:
            settled.setdefault(name, child.default)
    return settled


def causes(host: Object) -> list[Cause]:
    """What is wrong with a host, as (reason, field, message)."""
    return list(_causes(host, HOST, ""))


def _causes(value: Any, known: Field, path: str) -> Iterator[Cause]:
    right_type = isinstance(value, _TYPES[known.type])
    if not right_type or (isinstance(value, bool) and known.type == "integer"):
        kind = _kind(value)
        message = f'Invalid value: "{kind}": {path} in body must be of type {known.type}: "{kind}"'
        yield "FieldValueTypeInvalid", path, message
        return
    for name in known.required:
        if name not in value:
            yield "FieldValueRequired", f"{path}.{name}".lstrip("."), "Required value"
    if known.choices and value not in known.choices:
        choices = ", ".join(json.dumps(choice) for choice in known.choices)
        yield "FieldValueNotSupported", path, f'Unsupported value: "{value}": supported values: {choices}'
    if known.pattern and not re.search(known.pattern, value):
        message = f"Invalid value: \"{value}\": {path} in body should match '{known.pattern}'"
        yield "FieldValueInvalid", path, message
    for name, child in known.fields.items():
        if name in value:
            yield from _causes(value[name], child, f"{path}.{name}".lstrip("."))


def _kind(value: Any) -> str:
    # A bool is an int in Python, so it is asked first.
    kinds = {bool: "boolean", str: "string", int: "integer", float: "number", list: "array", dict: "object"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), "null")
