"""The event that kea_sync waits for, and the question that it is asked."""

from typing import Any
from uuid import UUID

from events.placing import NEEDED
from events.types import CredentialsStored, Outcome, Registration, StoredCredentials
from events.values import MacAddress
from events.verdicts import Question

SERVER = "dcoa-rb06u31"
MAC = "3c:ec:ef:a1:9c:e8"
OLD_MAC = "3c:ec:ef:00:00:01"
STRANGER = "52:54:00:12:34:56"
ADDRESS = "10.0.7.31"


def credentials_stored(**changes: Any) -> CredentialsStored:
    mac = changes.pop("mac", MAC)
    fields = {
        "onboarding_id": UUID(int=7),
        "server": SERVER,
        "site": "dcoa",
        "outcome": Outcome.CREATED,
        "reason": "stored",
        "registration": Registration(bmc_mac=MacAddress(mac)),
        "bmc_ip": ADDRESS,
        "device_id": 12,
        "credentials": StoredCredentials(mount="kv", path="bmc/dcoa-rb06u31", version=1),
    }
    return CredentialsStored.model_validate(fields | changes)


PLACE = dict.fromkeys(NEEDED, "1")


def question(address: str | None = ADDRESS, mac: str = MAC, **registered: str) -> Question:
    fields = {"server": SERVER, "registration": {"bmc_mac": mac, **registered}, "bmc_ip": address}
    return Question.model_validate(fields)
