"""What vault_writer decides, and the story of one scan."""

from typing import Any

import pytest

from events.errors import Retry
from events.ids import new_onboarding_id
from events.types import CredentialsStored, DeviceRecorded, Outcome, Registration, SkippedStep
from events.values import MacAddress, ServerName
from events.verdicts import Question, Would
from tests.unit.vault_writer.fake import FakeSecrets, OpenSeals
from vault_writer.handler import Secret, check_credentials, decide, store_credentials, wanted_data

SERVER = ServerName("dcoa-ra07u45")
MAC = MacAddress("3c:ec:ef:a1:9c:e8")
PATH = f"bmc/{SERVER}"


def recorded(password: str = "first-pass", username: str | None = None, **fields: Any) -> DeviceRecorded:
    """A scan that NetBox has recorded."""
    return DeviceRecorded(
        onboarding_id=new_onboarding_id(),
        server=SERVER,
        site="dcoa",
        registration=Registration(bmc_mac=MAC, bmc_username=username),
        sealed_password=f"sealed {password}",
        outcome=Outcome.CREATED,
        reason="device created",
        **fields,
    )


@pytest.fixture
def secrets() -> FakeSecrets:
    return FakeSecrets()


async def stored(event: DeviceRecorded, secrets: FakeSecrets) -> CredentialsStored:
    return await store_credentials(event, secrets, OpenSeals(), "ADMIN")


@pytest.mark.parametrize(
    ("scanned", "found", "wanted"),
    [
        (None, None, "ADMIN"),
        ("root", None, "root"),
        (None, Secret(1, {"username": "root", "password": "x"}, {}), "root"),
        ("admin", Secret(1, {"username": "root", "password": "x"}, {}), "admin"),
        (None, Secret(1, {}, {}), "ADMIN"),
    ],
)
def test_an_absent_username_keeps_the_stored_one_else_the_default(
    scanned: str | None, found: Secret | None, wanted: str
) -> None:
    assert wanted_data(scanned, "x", found, "ADMIN") == {"username": wanted, "password": "x"}


def test_what_a_person_added_to_the_secret_stays() -> None:
    found = Secret(1, {"username": "root", "password": "old", "privilege": "operator"}, {})
    assert wanted_data(None, "new", found, "ADMIN") == {
        "username": "root",
        "password": "new",
        "privilege": "operator",
    }


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (None, Outcome.CREATED),
        (Secret(3, {"username": "a", "password": "b"}, {}), Outcome.UNCHANGED),
        (Secret(3, {"username": "a", "password": "c"}, {}), Outcome.CHANGED),
        (Secret(3, {"username": "c", "password": "b"}, {}), Outcome.CHANGED),
        (Secret(3, {}, {}), Outcome.CHANGED),
    ],
)
def test_only_a_difference_is_written(found: Secret | None, outcome: Outcome) -> None:
    assert decide({"username": "a", "password": "b"}, found) is outcome


async def test_a_first_scan_stores_the_credentials_and_who_stored_them(secrets: FakeSecrets) -> None:
    event = recorded()
    fact = await stored(event, secrets)
    assert fact.outcome is Outcome.CREATED
    assert (fact.credentials.mount, fact.credentials.path, fact.credentials.version) == ("onramp", PATH, 1)
    assert secrets.stored[PATH].data == {"username": "ADMIN", "password": "first-pass"}
    assert secrets.stored[PATH].custom_metadata["onboarding"] == str(event.onboarding_id)
    assert secrets.stored[PATH].custom_metadata["site"] == "dcoa"


async def test_an_unchanged_rescan_writes_nothing(secrets: FakeSecrets) -> None:
    first = recorded()
    await stored(first, secrets)
    secrets.asked.clear()
    fact = await stored(recorded(), secrets)
    assert (fact.outcome, fact.credentials.version, secrets.asked) == (Outcome.UNCHANGED, 1, ["read"])
    assert fact.reason == "BMC credentials already stored (version 1)"
    assert secrets.stored[PATH].custom_metadata["onboarding"] == str(first.onboarding_id)


async def test_a_rescan_replaces_the_password(secrets: FakeSecrets) -> None:
    await stored(recorded(username="root"), secrets)
    second = recorded("second-pass")
    fact = await stored(second, secrets)
    assert (fact.outcome, fact.credentials.version) == (Outcome.CHANGED, 2)
    assert secrets.stored[PATH].data == {"username": "root", "password": "second-pass"}
    assert secrets.stored[PATH].custom_metadata["onboarding"] == str(second.onboarding_id)


async def test_a_deleted_secret_is_brought_back(secrets: FakeSecrets) -> None:
    await stored(recorded(), secrets)
    secrets.delete_newest(PATH)
    fact = await stored(recorded(), secrets)
    assert (fact.outcome, fact.credentials.version) == (Outcome.CHANGED, 2)
    assert fact.reason == "BMC credentials stored again (version 2)"


async def test_a_crash_between_the_two_writes_is_made_good_by_the_repeat(secrets: FakeSecrets) -> None:
    event = recorded()
    secrets.fails["describe"] = Retry("killed")
    with pytest.raises(Retry):
        await stored(event, secrets)
    await stored(event, secrets)
    crashed = secrets.stored[PATH]
    undisturbed = FakeSecrets()
    await stored(event, undisturbed)
    assert crashed == undisturbed.stored[PATH]


async def test_what_operators_noted_in_the_metadata_stays(secrets: FakeSecrets) -> None:
    await stored(recorded(), secrets)
    await secrets.describe(PATH, {**secrets.stored[PATH].custom_metadata, "owner": "team-a"})
    await stored(recorded("second-pass"), secrets)
    assert secrets.stored[PATH].custom_metadata["owner"] == "team-a"


async def test_the_fact_carries_on_what_the_steps_before_found(secrets: FakeSecrets) -> None:
    skipped = (SkippedStep(step="netbox_sync", reason="no rack"),)
    event = recorded(device_id=7, bmc_ip="10.16.28.78", skipped=skipped, warnings=("long password",))
    fact = await stored(event, secrets)
    for name in (
        "onboarding_id",
        "server",
        "site",
        "registration",
        "device_id",
        "bmc_ip",
        "skipped",
        "warnings",
    ):
        assert getattr(fact, name) == getattr(event, name), name


async def test_the_fact_has_neither_the_password_nor_its_seal(secrets: FakeSecrets) -> None:
    fact = await stored(recorded(), secrets)
    assert "first-pass" not in fact.model_dump_json()


def test_a_found_secret_does_not_show_its_password() -> None:
    assert "first-pass" not in repr(Secret(1, {"password": "first-pass"}, {}))


async def test_the_verdict_says_only_whether_credentials_stand(secrets: FakeSecrets) -> None:
    question = Question(server=SERVER, registration=Registration(bmc_mac=MAC))
    before = await check_credentials(question, secrets)
    await stored(recorded(), secrets)
    after = await check_credentials(question, secrets)
    assert (before.would, after.would) == (Would.CREATE, Would.NOTHING)
    assert secrets.asked.count("write") == 1


@pytest.mark.parametrize(
    ("username", "would"), [(None, Would.NOTHING), ("ADMIN", Would.NOTHING), ("root", Would.CHANGE)]
)
async def test_the_verdict_says_that_another_username_would_be_stored(
    secrets: FakeSecrets, username: str | None, would: Would
) -> None:
    await stored(recorded(username="ADMIN"), secrets)
    registration = Registration(bmc_mac=MAC, bmc_username=username)
    verdict = await check_credentials(Question(server=SERVER, registration=registration), secrets)
    assert verdict.would is would
    assert ("root" in " ".join(verdict.changes)) is (would is Would.CHANGE)


async def test_the_verdict_on_a_deleted_secret_is_that_it_would_be_stored(secrets: FakeSecrets) -> None:
    await stored(recorded(), secrets)
    secrets.delete_newest(PATH)
    question = Question(server=SERVER, registration=Registration(bmc_mac=MAC))
    assert (await check_credentials(question, secrets)).would is Would.CREATE
