"""What an object is made of, by its resource: defaults, checks, and which part a write may touch."""

import base64
import binascii
import copy
import re
from datetime import UTC, datetime

from onramp.sandbox.kubernetes import errors, schema
from onramp.sandbox.kubernetes.resources import HOSTS, NAMESPACES, SECRETS, Object, Resource
from onramp.sandbox.kubernetes.store import Key

SYSTEM_FIELDS = (
    "name", "namespace", "uid", "creationTimestamp", "generation", "deletionTimestamp",
    "deletionGracePeriodSeconds", "managedFields", "resourceVersion",
)  # fmt: skip
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def now() -> str:
    """The time as Kubernetes writes it, in whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def merged_parts(resource: Resource, before: Object, wanted: Object, subresource: str) -> Object:
    """What a write may touch: the status through its subresource, all else through the object itself."""
    after = copy.deepcopy(before)
    if subresource:
        after["status"] = wanted.get("status", {})
        return after
    kept = {name: after["metadata"][name] for name in SYSTEM_FIELDS if name in after["metadata"]}
    status = {"status": after["status"]} if resource.has_status and "status" in after else {}
    body = {k: v for k, v in wanted.items() if k != "status" or not resource.has_status}
    return {**body, **status, "metadata": {**wanted.get("metadata", {}), **kept}}


def check_known(resource: Resource, wanted: Object, *, strict: bool) -> None:
    """Refuse unknown fields, where the caller wants that. :raises Refused: 400."""
    found = [f'unknown field "{path}"' for path in schema.unknown(wanted)] if resource is HOSTS else []
    if strict and found:
        what = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise errors.bad_request(f"{what}: strict decoding error: {', '.join(found)}")


def check_typed(key: Key, wanted: Object) -> None:
    """Refuse unknown fields in an apply. :raises Refused: 500, as the real server does."""
    found = [f".{path}: field not declared in schema" for path in schema.unknown(wanted)]
    if key.resource is HOSTS and found:
        what = f"{key.namespace}/{key.name}; {key.resource.api_version}, Kind={key.resource.kind}"
        message = f"failed to create typed patch object ({what}): {' '.join(found)}"
        raise errors.Refused(500, "InternalError", message)


def settle(resource: Resource, new: Object) -> None:
    """Fill in what a reader of the object expects: defaults, without nulls and unknown fields."""
    new["metadata"] = {k: v for k, v in new["metadata"].items() if v not in (None, {}, [])}
    if resource is HOSTS:
        new |= schema.settle({name: new[name] for name in ("spec",) if name in new}, schema.HOST)
    if resource is SECRETS:
        settle_secret(resource, new)
        new.setdefault("type", "Opaque")
    if resource is NAMESPACES:
        new["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = new["metadata"]["name"]
        new |= {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}


def settle_secret(resource: Resource, new: Object) -> None:
    """Turn the `stringData` of a Secret, which is never stored, into `data`."""
    if resource is SECRETS and (texts := new.pop("stringData", None)):
        encoded = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
        new["data"] = {**(new.get("data") or {}), **encoded}


def validate(key: Key, before: Object | None, after: Object) -> None:
    """Check an object that is about to be stored. :raises Refused: 422, or 400 for data that is no base64."""
    _validate_metadata(key, after["metadata"])
    if key.resource is HOSTS and (causes := schema.causes(after)):
        raise errors.invalid(key.resource, key.name, causes)
    if key.resource is not SECRETS:
        return
    for value in (after.get("data") or {}).values():
        try:
            base64.b64decode(value, validate=True)
        except (binascii.Error, TypeError) as failure:
            what = 'Secret in version "v1" cannot be handled as a Secret'
            raise errors.bad_request(f"{what}: illegal base64 data at input byte 0") from failure
    if before is not None and before["type"] != after["type"]:
        message = f'Invalid value: "{after["type"]}": field is immutable'
        raise errors.invalid(key.resource, key.name, [("FieldValueInvalid", "type", message)])


def _validate_metadata(key: Key, metadata: Object) -> None:
    for field in ("labels", "annotations"):
        if not all(isinstance(value, str) for value in metadata.get(field, {}).values()):
            where = f"Go struct field ObjectMeta.metadata.{field} of type string"
            raise errors.bad_request(f"json: cannot unmarshal the value of a key into {where}")
    if not _NAME.fullmatch(key.name) or len(key.name) > 253:
        rule = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'"
        message = (
            f'Invalid value: "{key.name}": {rule}, and must start and end with an alphanumeric character'
        )
        raise errors.invalid(key.resource, key.name, [("FieldValueInvalid", "metadata.name", message)])
