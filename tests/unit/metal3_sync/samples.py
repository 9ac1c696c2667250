"""The server that these tests are about, and what is known of it when its host is enrolled."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any
from uuid import UUID

from events.types import AddressReserved, Host, HostEnrolled, Outcome, Registration, StoredCredentials
from events.values import MacAddress, ServerName
from metal3_sync.handler import BmcCredentials, FoundHost, Policy

SERVER = ServerName("dcoa-rb06u31")
SECRET = f"{SERVER}-bmc-secret"
ADDRESS = "ipmi://192.0.2.31"
CREDENTIALS = BmcCredentials("ADMIN", "a pass phrase")
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

POLICY = Policy(
    namespace="metal3",
    address_template="ipmi://{bmc_ip}",
    address_templates={},
    disable_certificate_verification=False,
    online=False,
    automated_cleaning_mode="metadata",
    boot_mac_needed_for=("libvirt", "redfish"),
)


def registration(**fields: Any) -> Registration:
    """What the scan said; a BMC address is known."""
    return Registration(bmc_mac=MacAddress("3c:ec:ef:a1:9c:e8"), **fields)


def reserved(bmc_ip: str | None = "192.0.2.31", **scanned: Any) -> AddressReserved:
    """The event that the step takes."""
    return AddressReserved(
        onboarding_id=UUID("01936d5e-0000-7000-8000-000000000001"),
        server=SERVER,
        site="dcoa",
        outcome=Outcome.CREATED,
        reason="reserved on kea-1",
        warnings=("a warning of kea_sync",),
        registration=registration(**scanned),
        device_id=17,
        bmc_ip=ip_address(bmc_ip) if bmc_ip else None,
        credentials=StoredCredentials(mount="onramp", path=f"bmc/{SERVER}", version=1),
    )


def enrolled_event() -> HostEnrolled:
    """The event that the watch follows."""
    return HostEnrolled(**reserved().model_dump(), host=Host(namespace="metal3", name=SERVER))


def host(state: str = "available", **fields: Any) -> FoundHost:
    """A host that we made and that came as far as `state`."""
    spec = {
        "online": False,
        "automatedCleaningMode": "metadata",
        "bmc": {"address": ADDRESS, "credentialsName": SECRET, "disableCertificateVerification": False},
    }
    status = {"provisioning": {"state": state}, "operationalStatus": "OK"}
    ours = frozenset({"online", "automatedCleaningMode", "bmc"})
    return replace(FoundHost(spec=spec, status=status, ours=ours), **fields)


def spec_with(**fields: Any) -> dict[str, Any]:
    """The spec of that host, with these fields instead."""
    return {**host().spec, **fields}


def status_with(state: str = "available", **fields: Any) -> dict[str, Any]:
    """A status in `state`, with these fields."""
    return {"provisioning": {"state": state}, "operationalStatus": "OK", **fields}
