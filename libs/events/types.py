"""What can happen to a server, from its scan to its end: the contract, in one list.

Every event is a frozen fact in the past tense. Its CloudEvents type is `io.onramp.<name>.v1`, its
subject `onboarding.<name>.<site>.<server>`. Events carry what later steps need, so that no step asks
another service. *Content* is the payload without outcome, reason, warnings and times: two events of
the same content say the same.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from events.values import IpAddress, IpPrefix, MacAddress, RackPosition, ServerName, SiteToken


class Frozen(BaseModel):
    """A fact does not change. Fields that a newer version adds are passed over by an older reader."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Outcome(StrEnum):
    """What a step found and did: nothing was there, something differed, all was so, or not its turn."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


class Registration(Frozen):
    """What the scan said of the server, without its password. What it left out is `None`."""

    bmc_mac: MacAddress
    bmc_username: str | None = None
    bmc_ip: IpAddress | None = None
    bmc_prefix: IpPrefix | None = None
    bmc_address: str | None = Field(None, description="Metal3's `bmc.address` for this one server.")
    boot_mac: MacAddress | None = None
    site: str | None = None
    location: str | None = None
    rack: str | None = None
    position: RackPosition | None = None
    device_type: str | None = None
    device_role: str | None = None
    tenant: str | None = None
    serial: str | None = None
    asset_tag: str | None = None


class StoredCredentials(Frozen):
    """Where the BMC's credentials stand: a path in a KV v2 mount, and the version that was written."""

    mount: str
    path: str
    version: int


class Reservation(Frozen):
    """One DHCP server's reservation for the BMC."""

    dhcp_server: str
    subnet_id: int


class Host(Frozen):
    """The BareMetalHost that stands for the server."""

    namespace: str
    name: str


class SkippedStep(Frozen):
    """A step that had nothing to do for this onboarding, and why."""

    step: str
    reason: str


class Event(Frozen):
    """What every event says: which onboarding, which server, under which site token."""

    name: ClassVar[str]
    not_content: ClassVar[frozenset[str]] = frozenset({"outcome", "reason", "warnings"})

    onboarding_id: UUID
    server: ServerName
    site: SiteToken

    def content(self) -> dict[str, Any]:
        """The payload without what may differ between two tellings of the same fact."""
        return self.model_dump(mode="json", exclude=set(self.not_content))


class ServerScanned(Event):
    """A technician scanned a server's BMC label, and the scan was stored."""

    name = "server-scanned"
    not_content = Event.not_content | {"scanned_at", "registered_by", "import_id", "import_index"}

    registration: Registration
    sealed_password: str = Field(description="JWE, compact; only vault_writer can open it.")
    scanned_at: datetime | None = None
    registered_by: str | None = Field(None, description="Who sent the scan, where people sign in.")
    import_id: UUID | None = Field(None, description="The import that the scan came with.")
    import_index: int | None = Field(None, description="Its record's place in that import, from 0.")


class StepCompleted(Event):
    """What every step event says beside its facts: what was done, why, and what was skipped so far."""

    outcome: Outcome
    reason: str
    warnings: tuple[str, ...] = ()
    registration: Registration
    skipped: tuple[SkippedStep, ...] = ()


class DeviceRecorded(StepCompleted):
    """NetBox holds the device, its BMC interface, MAC and address (or had nothing to hold: skipped)."""

    name = "device-recorded"

    sealed_password: str = Field(description="JWE, compact; only vault_writer can open it.")
    device_id: int | None = Field(None, description="NetBox's id of the device; none when skipped.")
    bmc_ip: IpAddress | None = Field(None, description="The BMC's address, given or allocated.")


class CredentialsStored(StepCompleted):
    """OpenBao holds the BMC's credentials. From here on no event carries the sealed password."""

    name = "credentials-stored"

    device_id: int | None = None
    bmc_ip: IpAddress | None = None
    credentials: StoredCredentials


class AddressReserved(CredentialsStored):
    """Every DHCP server that serves the BMC's address has its reservation."""

    name = "address-reserved"

    reservations: tuple[Reservation, ...] = ()


class HostEnrolled(AddressReserved):
    """Kubernetes holds the BMC Secret and the BareMetalHost; Metal3 takes it from here."""

    name = "host-enrolled"

    host: Host


class ServerReady(Event):
    """An end: Kubernetes can use the server."""

    name = "server-ready"

    registration: Registration
    bmc_ip: IpAddress | None = None
    device_id: int | None = None
    host: Host
    state: str = Field(description="The BareMetalHost's provisioning state, or `enrolled`.")
    skipped: tuple[SkippedStep, ...] = ()


class ServerIncomplete(Event):
    """An end: the onboarding could not go on for want of data."""

    name = "server-incomplete"

    registration: Registration
    missing: tuple[str, ...]
    reason: str
    skipped: tuple[SkippedStep, ...] = ()


class OnboardingDiscarded(Event):
    """An end: an operator gave this onboarding up."""

    name = "onboarding-discarded"

    by: str
    reason: str


class StepDelayed(Event):
    """A step waits and will be tried again. No end."""

    name = "step-delayed"
    not_content = Event.not_content | {"next_attempt_at"}

    step: str
    reason: str
    attempt: int = Field(description="How often this message has been handed back so far.")
    next_attempt_at: datetime


class StepFailed(Event):
    """A step gave up: a dead letter stands until an operator replays or discards it. No end."""

    name = "step-failed"

    step: str
    reason: str
    error_type: str
    culprit: str | None = None
    attempt: int
    dead_letter: str = Field(description="The subject of the dead letter.")


ENDS: tuple[type[Event], ...] = (ServerReady, ServerIncomplete, OnboardingDiscarded)

_ALL: tuple[type[Event], ...] = (
    ServerScanned,
    DeviceRecorded,
    CredentialsStored,
    AddressReserved,
    HostEnrolled,
    *ENDS,
    StepDelayed,
    StepFailed,
)

EVENTS: dict[str, type[Event]] = {event.name: event for event in _ALL}
