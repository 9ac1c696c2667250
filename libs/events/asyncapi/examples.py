"""One server's way through the chain, an event of each kind, as the reference shows it."""

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from uuid import UUID

from events.types import (
    AddressReserved,
    CredentialsStored,
    DeviceRecorded,
    Event,
    Host,
    HostEnrolled,
    OnboardingDiscarded,
    Outcome,
    Registration,
    Reservation,
    ServerIncomplete,
    ServerReady,
    ServerScanned,
    StepDelayed,
    StepFailed,
    StoredCredentials,
)
from events.values import MacAddress, RackPosition, ServerName

TIME = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)

_server = ServerName("dcoa-rb06u31")
_about = {
    "onboarding_id": UUID("019cadab-2340-7c3e-9b1d-2f6a8e4c5d01"),
    "server": _server,
    "site": "dcoa",
}
_registration = Registration(
    bmc_mac=MacAddress("3c:ec:ef:a1:9c:e8"),
    bmc_username="ADMIN",
    bmc_prefix=IPv4Network("10.16.28.0/24"),
    boot_mac=MacAddress("3c:ec:ef:a1:9c:ea"),
    site="dcoa",
    rack="RB06",
    position=RackPosition(31),
    device_type="supermicro/as-1114s",
    device_role="compute",
)
_sealed = "eyJhbGciOiJFQ0RILUVTK0EyNTZLVyIs….VZq0….N2x3….k7Qw….b1Rt…"
_found = {"device_id": 4711, "bmc_ip": IPv4Address("10.16.28.78")}
_stored = {**_found, "credentials": StoredCredentials(mount="onramp", path=f"bmc/{_server}", version=1)}
_reserved = {**_stored, "reservations": (Reservation(dhcp_server="kea-a", subnet_id=28),)}
_host = Host(namespace="metal3", name=_server)


def _created(reason: str) -> dict[str, object]:
    return {**_about, "outcome": Outcome.CREATED, "reason": reason, "registration": _registration}


_ALL: tuple[Event, ...] = (
    ServerScanned.model_validate(
        {**_about, "registration": _registration, "sealed_password": _sealed, "scanned_at": TIME}
    ),
    DeviceRecorded.model_validate(
        {**_created("device and address created"), **_found, "sealed_password": _sealed}
    ),
    CredentialsStored.model_validate({**_created("credentials stored"), **_stored}),
    AddressReserved.model_validate({**_created("reserved on kea-a"), **_reserved}),
    HostEnrolled.model_validate({**_created("Secret and host created"), **_reserved, "host": _host}),
    ServerReady.model_validate(
        {**_about, "registration": _registration, **_found, "host": _host, "state": "available"}
    ),
    ServerIncomplete.model_validate(
        {
            **_about,
            "registration": _registration.model_copy(update={"bmc_prefix": None}),
            "missing": ["bmc_ip"],
            "reason": "the scan names neither bmc_ip nor bmc_prefix",
        }
    ),
    OnboardingDiscarded.model_validate({**_about, "by": "ann", "reason": "the server went back"}),
    StepDelayed.model_validate(
        {
            **_about,
            "step": "kea_sync",
            "reason": "Kea kea-a does not answer: connection refused",
            "attempt": 1,
            "next_attempt_at": TIME,
        }
    ),
    StepFailed.model_validate(
        {
            **_about,
            "step": "netbox_sync",
            "reason": "RB06 U31 is held by dcoa-rb06u31-old",
            "error_type": "Refuse",
            "culprit": "dcoa-rb06u31-old",
            "attempt": 1,
            "dead_letter": f"dead.netbox_sync.dcoa.{_server}.1042",
        }
    ),
)

EXAMPLES: dict[str, Event] = {event.name: event for event in _ALL}
