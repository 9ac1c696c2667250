"""vault_writer's handler and client on a real OpenBao."""

from collections.abc import Mapping

import pytest

from events.errors import Retry
from events.openbao import Mount, Secret
from events.types import Outcome, Registration
from events.values import ServerName
from events.verdicts import Question, Would
from tests.contract.secrets.subject import MAC, Subject
from vault_writer.client import OpenBaoSecrets
from vault_writer.handler import check_credentials


async def test_a_first_scan_creates_the_secret(subject: Subject, server: ServerName) -> None:
    event = subject.scan(server, username="root")
    fact = await subject.store(event)
    assert (fact.outcome, fact.credentials.path, fact.credentials.version) == (
        Outcome.CREATED,
        f"bmc/{server}",
        1,
    )
    assert subject.secret(server) == {"username": "root", "password": "first-pass"}
    assert subject.noted(server) == {"site": "dcoa", "onboarding": str(event.onboarding_id), "version": "1"}


async def test_an_unchanged_rescan_makes_no_new_version(subject: Subject, server: ServerName) -> None:
    first = subject.scan(server)
    await subject.store(first)
    fact = await subject.store(subject.scan(server))
    assert (fact.outcome, fact.credentials.version) == (Outcome.UNCHANGED, 1)
    assert subject.version(server) == 1
    assert subject.noted(server)["onboarding"] == str(first.onboarding_id)


async def test_a_rescan_replaces_the_password(subject: Subject, server: ServerName) -> None:
    await subject.store(subject.scan(server))
    second = subject.scan(server, "second-pass")
    fact = await subject.store(second)
    assert (fact.outcome, fact.credentials.version) == (Outcome.CHANGED, 2)
    assert subject.secret(server)["password"] == "second-pass"
    assert subject.noted(server)["onboarding"] == str(second.onboarding_id)


async def test_a_rescan_without_username_keeps_the_stored_one(subject: Subject, server: ServerName) -> None:
    await subject.store(subject.scan(server, username="root"))
    await subject.store(subject.scan(server, "second-pass"))
    assert subject.secret(server) == {"username": "root", "password": "second-pass"}


async def test_a_password_rotated_by_hand_is_replaced(subject: Subject, server: ServerName) -> None:
    await subject.store(subject.scan(server))
    subject.write_by_hand(server, username="ADMIN", password="by-hand")
    assert (await subject.store(subject.scan(server))).credentials.version == 3
    assert subject.secret(server)["password"] == "first-pass"


async def test_a_soft_deleted_secret_is_brought_back(subject: Subject, server: ServerName) -> None:
    await subject.store(subject.scan(server))
    subject.delete_by_hand(server)
    fact = await subject.store(subject.scan(server))
    assert (fact.outcome, fact.credentials.version) == (Outcome.CHANGED, 2)
    assert subject.secret(server)["password"] == "first-pass"


async def test_a_destroyed_secret_is_brought_back(subject: Subject, server: ServerName) -> None:
    await subject.store(subject.scan(server))
    subject.destroy_by_hand(server)
    assert (await subject.store(subject.scan(server))).credentials.version == 2


class RacedMount(Mount):
    """Somebody else writes right after the first read."""

    raced = False
    subject: Subject
    server: ServerName

    async def read(self, path: str) -> Secret | None:
        found = await super().read(path)
        if not self.raced:
            self.raced = True
            self.subject.write_by_hand(self.server, username="ADMIN", password="faster")
        return found


@pytest.mark.parametrize("stood", [False, True])
async def test_who_loses_a_race_reads_and_decides_again(
    subject: Subject, server: ServerName, stood: bool
) -> None:
    if stood:
        await subject.store(subject.scan(server, "before"))
    mount = RacedMount(subject.session(), "onramp")
    mount.subject, mount.server = subject, server
    event = subject.scan(server)
    with pytest.raises(Retry) as lost:
        await subject.store(event, mount)
    assert lost.value.delay == 0
    assert subject.secret(server)["password"] == "faster"
    assert (await subject.store(event, mount)).outcome is Outcome.CHANGED
    assert subject.secret(server)["password"] == "first-pass"


class KilledError(Exception):
    """The process is gone."""


class KilledMount(Mount):
    """The process is killed before the second write."""

    async def describe(self, path: str, custom_metadata: Mapping[str, str]) -> None:
        raise KilledError


async def test_a_crash_between_the_two_writes_is_made_good_by_the_repeat(
    subject: Subject, server: ServerName
) -> None:
    event = subject.scan(server)
    with pytest.raises(KilledError):
        await subject.store(event, KilledMount(subject.session(), "onramp"))
    assert subject.noted(server) == {}
    assert (await subject.store(event)).credentials.version == 1
    assert subject.noted(server) == {"site": "dcoa", "onboarding": str(event.onboarding_id), "version": "1"}


async def test_a_server_costs_three_requests_and_an_unchanged_one_none_that_writes(
    subject: Subject, server: ServerName
) -> None:
    session = subject.session()
    mount = Mount(session, "onramp")
    counted = []
    for password in ("first-pass", "first-pass", "second-pass"):
        session.requests = 0
        await subject.store(subject.scan(server, password), mount)
        counted.append(session.requests)
    assert counted == [3, 1, 3]


async def test_the_verdict_says_only_whether_credentials_stand(subject: Subject, server: ServerName) -> None:
    secrets = OpenBaoSecrets(Mount(subject.session(), "onramp"))
    question = Question(server=server, registration=Registration(bmc_mac=MAC))
    assert (await check_credentials(question, secrets)).would is Would.CREATE
    await subject.store(subject.scan(server))
    verdict = await check_credentials(question, secrets)
    assert verdict.would is Would.NOTHING
    assert "first-pass" not in verdict.model_dump_json()
