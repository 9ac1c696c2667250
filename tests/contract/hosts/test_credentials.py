"""What metal3_sync reads from a real OpenBao, as its own role."""

from collections.abc import Iterator

import hvac
import pytest

from events.errors import Refuse, Retry
from events.types import StoredCredentials
from metal3_sync.client import OpenBaoCredentials
from metal3_sync.handler import BmcCredentials
from onramp.sandbox import openbao
from tests import engines
from tests.contract.secrets.subject import CountingOpenBao, Subject

PLACE = StoredCredentials(mount="onramp", path="bmc/dcoa-ra07u45", version=1)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Subject]:
    server = openbao.start(tmp_path_factory.mktemp("openbao") / "server", spawn=engines.openbao)
    yield Subject(server)
    server.stop()


@pytest.fixture
def session(vault: Subject) -> CountingOpenBao:
    return vault.session(vault.server.roles["metal3-sync"])


def write(vault: Subject, **data: str) -> None:
    vault.root.secrets.kv.v2.create_or_update_secret(PLACE.path, data, mount_point=PLACE.mount)


async def test_the_newest_version_is_read_in_one_request(vault: Subject, session: CountingOpenBao) -> None:
    write(vault, username="ADMIN", password="old")
    write(vault, username="root", password="new")
    assert await OpenBaoCredentials(session).read(PLACE) == BmcCredentials("root", "new")
    assert session.requests == 1


async def test_a_token_that_was_revoked_is_replaced(vault: Subject, session: CountingOpenBao) -> None:
    write(vault, username="ADMIN", password="new")
    store = OpenBaoCredentials(session)
    await store.read(PLACE)
    vault.revoke_every_token()
    assert (await store.read(PLACE)).password == "new"


async def test_credentials_that_are_gone_are_refused_by_their_path(
    vault: Subject, session: CountingOpenBao
) -> None:
    nothing = PLACE.model_copy(update={"path": "bmc/never-written"})
    with pytest.raises(Refuse, match="onramp/bmc/never-written"):
        await OpenBaoCredentials(session).read(nothing)
    write(vault, username="ADMIN", password="new")
    vault.root.secrets.kv.v2.delete_latest_version_of_secret(PLACE.path, mount_point=PLACE.mount)
    with pytest.raises(Refuse, match="scan the password again"):
        await OpenBaoCredentials(session).read(PLACE)


async def test_a_path_that_the_policy_denies_is_waited_for(session: CountingOpenBao) -> None:
    with pytest.raises(Retry, match="policy"):
        await OpenBaoCredentials(session).read(PLACE.model_copy(update={"path": "elsewhere/x"}))


async def test_the_role_can_read_and_nothing_else(vault: Subject) -> None:
    role = vault.server.roles["metal3-sync"]
    client = hvac.Client(vault.server.address, token="")
    client.auth.approle.login(role.role_id, role.secret_id)
    with pytest.raises(hvac.exceptions.Forbidden):
        client.secrets.kv.v2.create_or_update_secret(PLACE.path, {"password": "x"}, mount_point=PLACE.mount)
    with pytest.raises(hvac.exceptions.Forbidden):
        client.secrets.kv.v2.list_secrets("bmc", mount_point=PLACE.mount)


def test_credentials_show_no_password() -> None:
    assert "secret-word" not in repr(BmcCredentials("ADMIN", "secret-word"))
