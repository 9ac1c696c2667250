"""Keep a scanned server's BMC credentials where only the steps that need them can read them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from events.types import CredentialsStored, DeviceRecorded, Outcome, StoredCredentials
from events.values import MacAddress, ServerName
from events.verdicts import Question, Verdict, Would

STEP = "vault_writer"


@dataclass(frozen=True)
class Secret:
    """The newest version that stands for a server; `data` is empty where it was deleted."""

    version: int
    data: Mapping[str, str] = field(repr=False)
    custom_metadata: Mapping[str, str]


class Secrets(Protocol):
    """A store that numbers its versions and takes no write over another version than the one read."""

    mount: str

    async def read(self, path: str) -> Secret | None:
        """What stands, or `None` where nothing ever stood."""

    async def write(self, path: str, data: Mapping[str, str], *, after: int) -> int:
        """Write the version that follows `after`, and return its number."""

    async def describe(self, path: str, custom_metadata: Mapping[str, str]) -> None:
        """Replace the custom metadata."""


class Seals(Protocol):
    """Whoever holds the private keys."""

    async def open(self, sealed: str, bmc_mac: MacAddress) -> str:
        """The password. Raises `Refuse` where only a new scan helps."""


def path_of(server: ServerName) -> str:
    """Where a server's credentials stand in the mount."""
    return f"bmc/{server}"


def wanted_data(username: str | None, password: str, found: Secret | None, default: str) -> dict[str, str]:
    """What should stand. An absent username keeps the stored one; what a person added beside stays too."""
    stored = found.data if found else {}
    return {**stored, "username": username or stored.get("username") or default, "password": password}


def decide(wanted: Mapping[str, str], found: Secret | None) -> Outcome:
    """Whether to write a new version, and what that makes of the old one."""
    if found is None:
        return Outcome.CREATED
    return Outcome.UNCHANGED if wanted == found.data else Outcome.CHANGED


async def store_credentials(
    recorded: DeviceRecorded, secrets: Secrets, seals: Seals, default_username: str
) -> CredentialsStored:
    """Make the stored credentials those of this scan, and note which onboarding last changed them."""
    registration, path = recorded.registration, path_of(recorded.server)
    password = await seals.open(recorded.sealed_password, registration.bmc_mac)
    found = await secrets.read(path)
    wanted = wanted_data(registration.bmc_username, password, found, default_username)
    outcome = decide(wanted, found)
    if found is None or outcome is Outcome.CHANGED:
        version = await secrets.write(path, wanted, after=found.version if found else 0)
    else:
        version = found.version
    await _note_change(recorded, secrets, path, found, version)
    return CredentialsStored(
        **recorded.model_dump(include={"onboarding_id", "server", "site", "warnings", "device_id", "bmc_ip"}),
        registration=registration,
        skipped=recorded.skipped,
        outcome=outcome,
        reason=_reason(outcome, found, version),
        credentials=StoredCredentials(mount=secrets.mount, path=path, version=version),
    )


async def _note_change(
    recorded: DeviceRecorded, secrets: Secrets, path: str, found: Secret | None, version: int
) -> None:
    """Say who changed this version, unless the note is about it already.

    The note names its version, so that one lost in a crash right after the write is seen and made good.
    """
    noted = found.custom_metadata if found else {}
    if noted.get("version") != str(version):
        note = {"site": recorded.site, "onboarding": str(recorded.onboarding_id), "version": str(version)}
        await secrets.describe(path, {**noted, **note})


def _reason(outcome: Outcome, found: Secret | None, version: int) -> str:
    again = found is not None and not found.data
    words = {Outcome.CREATED: "stored", Outcome.CHANGED: "replaced", Outcome.UNCHANGED: "already stored"}
    return f"BMC credentials {'stored again' if again else words[outcome]} (version {version})"


async def check_credentials(question: Question, secrets: Secrets) -> Verdict:
    """Whether credentials stand, with this username. Never whether a password would change them.

    That would be an oracle.
    """
    found = await secrets.read(path_of(question.server))
    if found is None or not found.data:
        return Verdict(step=STEP, would=Would.CREATE, reason="no BMC credentials are stored yet")
    username = question.registration.bmc_username
    if username and username != found.data.get("username"):
        change = f"BMC username {username} replaces the stored one"
        return Verdict(step=STEP, would=Would.CHANGE, reason=change, changes=(change,))
    reason = "BMC credentials are stored; a password is compared with nothing here"
    return Verdict(step=STEP, would=Would.NOTHING, reason=reason)
