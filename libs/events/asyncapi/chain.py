"""Who publishes what, and who waits for it, as the services are wired where no setting says otherwise."""

from collections.abc import Mapping

from events.steps import WAITS_FOR, Step
from events.types import (
    AddressReserved,
    CredentialsStored,
    DeviceRecorded,
    Event,
    HostEnrolled,
    OnboardingDiscarded,
    ServerIncomplete,
    ServerReady,
    ServerScanned,
    StepDelayed,
    StepFailed,
)

STEPS: Mapping[str, Step] = {name: Step(name, event) for name, event in WAITS_FOR.items()}

_SERVICE_OF = {"netbox_status": "netbox_sync"}
"""Steps that are not named as their service is."""

_TOLD_BY: Mapping[type[Event], str] = {
    ServerScanned: "intake",
    DeviceRecorded: "netbox_sync",
    CredentialsStored: "vault_writer",
    AddressReserved: "kea_sync",
    HostEnrolled: "metal3_sync",
    ServerReady: "metal3_sync",
    ServerIncomplete: "metal3_sync",
    OnboardingDiscarded: "operator",
}
"""The `ce-source` of each event that only one tells; an operator's events come from the command line."""


def service_of(step: str) -> str:
    """The service that a step belongs to."""
    return _SERVICE_OF.get(step, step)


def publishers(event: type[Event]) -> list[str]:
    """The services that publish an event; every one with a step says that it waits or gave up."""
    if event in (StepDelayed, StepFailed):
        return list(dict.fromkeys(service_of(step) for step in STEPS))
    return [_TOLD_BY[event]]


def waiting(event: type[Event]) -> list[str]:
    """The steps that wait for an event."""
    return [step.name for step in STEPS.values() if step.waits_for == event.name]
