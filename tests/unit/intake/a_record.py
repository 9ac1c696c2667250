"""The registration from the field, and what tests ask of intake's answer to it."""

from typing import Any

from intake.problems import BadRegistration, FieldError
from intake.scan import Scan
from intake.settings import Settings

FULL: dict[str, Any] = {
    "device_name": "dcoa-ra07u45",
    "bmc_mac": "3CECEFA19CE8",
    "bmc_password": "secret123",
    "bmc_ip": "10.16.28.78",
    "site": "dcoa",
    "location": "ra07",
    "rack": "RA07",
    "position": 45,
    "device_type": "supermicro-1u",
    "device_role": "k8s-worker",
    "bmc_prefix": "10.16.28.0/24",
    "tenant": "",
}

ABSENT = object()


def record(**changes: Any) -> dict[str, Any]:
    """The record with fields changed, or left out."""
    return {name: value for name, value in {**FULL, **changes}.items() if value is not ABSENT}


def scan(settings: Settings | None = None, **changes: Any) -> Scan:
    """The scan that intake reads in it."""
    return Scan.read(record(**changes), settings or Settings())


def errors(settings: Settings | None = None, **changes: Any) -> list[FieldError]:
    """What it finds wrong with it."""
    try:
        scan(settings, **changes)
    except BadRegistration as bad:
        return list(bad.errors)
    return []


def error(settings: Settings | None = None, **changes: Any) -> FieldError:
    """The one thing wrong with it."""
    [found] = errors(settings, **changes)
    return found
