"""What the API server sends, as the handler and the watch see it."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any

from kubernetes.client import V1ObjectMeta, V1Secret

from metal3_sync.handler import BmcCredentials, FoundHost, FoundSecret

MANAGER = "onramp"


def found_host(raw: Mapping[str, Any]) -> FoundHost:
    """A BareMetalHost."""
    metadata = raw["metadata"]
    return FoundHost(
        spec=raw.get("spec", {}),
        status=raw.get("status", {}),
        annotations=metadata.get("annotations") or {},
        ours=frozenset(_ours(metadata.get("managedFields") or ())),
        deleting="deletionTimestamp" in metadata,
    )


def found_secret(raw: V1Secret) -> FoundSecret:
    """A Secret; a content that is not just a username and a password differs from any that is wanted."""
    metadata = raw.metadata or V1ObjectMeta()
    return FoundSecret(
        version=str(metadata.resource_version),
        content=_credentials(raw.data or {}),
        owners=tuple(f"{owner.kind}/{owner.name}" for owner in metadata.owner_references or ()),
        deleting=metadata.deletion_timestamp is not None,
    )


def _credentials(data: Mapping[str, str | bytes]) -> BmcCredentials | None:
    if data.keys() != {"username", "password"}:
        return None
    try:
        plain = {name: base64.b64decode(value).decode() for name, value in data.items()}
    except (binascii.Error, UnicodeDecodeError):
        return None
    return BmcCredentials(**plain)


def _ours(managed: Any) -> Iterator[str]:
    """The spec fields and annotations that an apply of ours holds, by their plain names."""
    for entry in managed:
        if entry.get("manager") == MANAGER and entry.get("operation") == "Apply":
            fields = entry.get("fieldsV1", {})
            yield from _names(fields.get("f:spec", {}))
            yield from _names(fields.get("f:metadata", {}).get("f:annotations", {}))


def _names(fields: Mapping[str, Any]) -> Iterator[str]:
    return (name.removeprefix("f:") for name in fields if name.startswith("f:"))
