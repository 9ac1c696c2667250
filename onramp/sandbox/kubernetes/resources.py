"""The kinds of objects that are served."""

from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
"""One object as it travels: JSON with `apiVersion`, `kind` and `metadata`."""


@dataclass(frozen=True)
class Resource:
    """One kind of object, by the names that discovery gives it."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    has_status: bool = False
    verbs: tuple[str, ...] = ("create", "delete", "get", "list", "patch", "update", "watch")

    @property
    def api_version(self) -> str:
        """As in an object's `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """As in error messages: `baremetalhosts.metal3.io`, `secrets`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


NAMESPACES = Resource(
    "", "v1", "namespaces", "Namespace", namespaced=False, short_names=("ns",),
    verbs=("create", "get", "list", "patch", "update", "watch"),
)  # fmt: skip
SECRETS = Resource("", "v1", "secrets", "Secret")
HOSTS = Resource(
    "metal3.io", "v1alpha1", "baremetalhosts", "BareMetalHost", short_names=("bmh", "bmhost"), has_status=True
)
ACCESS_REVIEWS = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False,
    verbs=("create",),
)  # fmt: skip

ALL = (NAMESPACES, SECRETS, HOSTS, ACCESS_REVIEWS)
STORED = {(r.group, r.version, r.plural): r for r in (NAMESPACES, SECRETS, HOSTS)}
