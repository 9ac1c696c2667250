"""What is found in Kubernetes and OpenBao, in the words of Metal3's API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from events.errors import Retry
from events.values import ServerName

DETACHED = "baremetalhost.metal3.io/detached"
"""While a host has it, its operator leaves the hardware alone and lets its BMC address change."""

RETRY = "onramp/retry"
"""Ours: a change of annotations is what makes the operator look at a host again at once."""

INSPECT = "inspect.metal3.io"


def secret_name(server: ServerName) -> str:
    """The name of a server's BMC Secret; the host itself is named like the server."""
    return f"{server}-bmc-secret"


@dataclass(frozen=True)
class BmcCredentials:
    """How one logs in to a BMC."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class FoundSecret:
    """A BMC Secret as it stands; `content` is `None` when it is not exactly a username and a password."""

    version: str
    content: BmcCredentials | None = None
    owners: tuple[str, ...] = ()
    deleting: bool = False


@dataclass(frozen=True)
class FoundHost:
    """A BareMetalHost as it stands. `ours` are the spec fields and annotations that we hold by an apply."""

    spec: Mapping[str, Any]
    status: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()
    deleting: bool = False

    @property
    def bmc(self) -> dict[str, Any]:
        """How its BMC is reached, every field given."""
        bare = {"address": "", "credentialsName": "", "disableCertificateVerification": False}
        return bare | dict(self.spec.get("bmc", {}))

    @property
    def state(self) -> str:
        """Its provisioning state."""
        return str(self.status.get("provisioning", {}).get("state", ""))

    @property
    def operational_status(self) -> str:
        """`OK`, `error`, `delayed`, `detached`, ..."""
        return str(self.status.get("operationalStatus", ""))

    @property
    def consumer(self) -> str | None:
        """What uses it, `Metal3Machine/worker-3`."""
        reference = self.spec.get("consumerRef")
        return f"{reference.get('kind')}/{reference.get('name')}" if reference else None

    @property
    def inspection_disabled(self) -> bool:
        """Whether its hardware is not to be inspected, by field or by the older annotation."""
        return "disabled" in (self.spec.get("inspectionMode"), self.annotations.get(INSPECT))


class FieldConflict(Retry):
    """A server-side apply met fields that others hold with another value: field path to field manager."""

    def __init__(self, reason: str, managers: Mapping[str, str]) -> None:
        super().__init__(reason)
        self.managers = managers
