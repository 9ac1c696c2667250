"""The session with a real OpenBao: log-ins, tokens that end, policies, TLS, and a server that is unwell."""

import socket
import time

import pytest

from events.errors import Retry, StepError, Unreachable
from events.openbao import Mount
from events.values import ServerName
from onramp.sandbox.openbao import AppRole
from onramp.sandbox.places import free_ports
from tests.contract.secrets.subject import Subject, eventually

ALLOWS_NOTHING = 'path "onramp/data/bmc/*" { capabilities = ["deny"] }'
READS_ALL = 'path "onramp/data/bmc/*" { capabilities = ["read"] }'


async def test_a_sealed_server_is_unreachable_until_it_is_unsealed(
    subject: Subject, server: ServerName
) -> None:
    session = subject.session()
    event = subject.scan(server)
    await subject.store(subject.scan(ServerName(subject.name("warm"))), Mount(session, "onramp"))
    subject.seal()
    try:
        with pytest.raises(Unreachable, match="is sealed") as away:
            await subject.store(event, Mount(session, "onramp"))
        assert away.value.backend == subject.server.address
    finally:
        subject.unseal()

        async def active() -> bool:
            return subject.active()

        await eventually(active)
    assert (await subject.store(event, Mount(session, "onramp"))).credentials.version == 1


async def test_neither_a_proxy_nor_a_certificate_of_the_environment_stands_between(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setattr("hvac.v1.VAULT_CLIENT_CERT", "/nonexistent")
    await Mount(subject.session(), "onramp").ready()


async def test_a_missing_mount_is_not_taken_for_a_missing_secret(subject: Subject) -> None:
    role = subject.role(subject.policy('path "nowhere/*" { capabilities = ["create", "read", "update"] }'))
    mount = Mount(subject.session(role), "nowhere")
    with pytest.raises(Retry, match="nothing mounted for nowhere/data/bmc/x"):
        await mount.read("bmc/x")
    with pytest.raises(Retry, match="nothing mounted for nowhere/data/bmc/x"):
        await mount.write("bmc/x", {}, after=0)


async def test_a_version_1_mount_is_named_as_such(subject: Subject) -> None:
    name = subject.name("plain")
    subject.root.sys.enable_secrets_engine("kv", path=name, options={"version": "1"})
    role = subject.role(subject.policy(f'path "{name}/*" {{ capabilities = ["create", "read", "update"] }}'))
    mount = Mount(subject.session(role), name)
    for request in (mount.ready(), mount.write("bmc/x", {"username": "a"}, after=0), mount.read("bmc/x")):
        with pytest.raises(Retry, match="no KV version 2 secrets engine"):
            await request


@pytest.mark.parametrize("missing", ["data", "metadata"])
async def test_a_policy_that_denies_is_named_with_the_path(
    subject: Subject, server: ServerName, missing: str
) -> None:
    allowed = {"data": "metadata", "metadata": "data"}[missing]
    rules = f'path "onramp/{allowed}/bmc/*" {{ capabilities = ["create", "read", "update"] }}'
    mount = Mount(subject.session(subject.role(subject.policy(rules))), "onramp")
    with pytest.raises(Retry, match=rf"denies onramp/{missing}/bmc/{server}: .*ONRAMP_OPENBAO_ROLE_ID"):
        await subject.store(subject.scan(server), mount)


async def test_a_policy_that_is_mended_lets_all_go_on(subject: Subject, server: ServerName) -> None:
    policy = subject.policy(ALLOWS_NOTHING)
    session = subject.session(subject.role(policy))
    with pytest.raises(Retry, match="denies"):
        await Mount(session, "onramp").read(f"bmc/{server}")
    subject.root.sys.create_or_update_policy(policy, READS_ALL)
    assert await Mount(session, "onramp").read(f"bmc/{server}") is None


async def test_a_revoked_token_is_replaced(subject: Subject, server: ServerName) -> None:
    mount = Mount(subject.session(), "onramp")
    await subject.store(subject.scan(server), mount)
    subject.revoke_every_token()
    assert (await subject.store(subject.scan(server, "second-pass"), mount)).credentials.version == 2


async def test_a_token_that_is_used_up_is_replaced(subject: Subject, server: ServerName) -> None:
    session = subject.session(subject.role("vault-writer", token_num_uses=2))
    for password in ("one", "two", "three"):
        await subject.store(subject.scan(server, password), Mount(session, "onramp"))
    assert subject.version(server) == 3


async def outlive(subject: Subject, mount: Mount, seconds: float) -> set[str]:
    """Use a mount for that long; the tokens that came into being meanwhile."""
    before = subject.tokens()
    made: set[str] = set()
    until = time.monotonic() + seconds

    async def over() -> bool:
        await mount.read("bmc/x")
        made.update(subject.tokens() - before)
        return time.monotonic() > until

    await eventually(over)
    return made


async def test_a_token_in_use_is_renewed_before_it_expires(subject: Subject) -> None:
    session = subject.session(subject.role("vault-writer", token_ttl="2s", token_max_ttl="1h"))
    assert len(await outlive(subject, Mount(session, "onramp"), 4)) == 1


async def test_a_token_at_the_end_of_its_longest_life_is_replaced(subject: Subject) -> None:
    session = subject.session(subject.role("vault-writer", token_ttl="2s", token_max_ttl="3s"))
    assert len(await outlive(subject, Mount(session, "onramp"), 4)) > 1


@pytest.mark.parametrize("setting", ["openbao_secret_id", "openbao_role_id", "openbao_approle_mount"])
async def test_a_refused_log_in_names_the_settings_to_mend(subject: Subject, setting: str) -> None:
    with pytest.raises(Retry, match="ONRAMP_OPENBAO_ROLE_ID, ONRAMP_OPENBAO_SECRET_ID"):
        await Mount(subject.session(None, **{setting: "wrong"}), "onramp").ready()


async def test_an_unknown_authority_is_unreachable_and_says_why(tls_subject: Subject) -> None:
    session = tls_subject.session(openbao_ca_file=None)
    with pytest.raises(Unreachable, match="ONRAMP_OPENBAO_CA_FILE"):
        await Mount(session, "onramp").ready()


async def test_the_given_authority_is_trusted(tls_subject: Subject) -> None:
    await Mount(tls_subject.session(), "onramp").ready()


async def test_nobody_listening_is_unreachable(subject: Subject) -> None:
    address = f"http://127.0.0.1:{free_ports(1)[0]}"
    with pytest.raises(Unreachable, match="cannot be connected to") as away:
        await Mount(subject.session(openbao_address=address), "onramp").read("bmc/x")
    assert away.value.backend == address


async def test_a_server_that_does_not_answer_is_unreachable(subject: Subject) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        session = subject.session(openbao_address=address, openbao_read_timeout=0.2)
        with pytest.raises(Unreachable, match="did not answer in time"):
            await Mount(session, "onramp").read("bmc/x")


async def test_a_missing_secret_counts_as_an_answer(subject: Subject, server: ServerName) -> None:
    session = subject.session()
    mount = Mount(session, "onramp")
    await mount.ready()
    session.backend.failures = 2
    assert await mount.read(f"bmc/{server}") is None
    assert session.backend.failures == 0


async def test_metal3_sync_may_read_and_nothing_else(subject: Subject, server: ServerName) -> None:
    await subject.store(subject.scan(server))
    mount = Mount(subject.session(subject.server.roles["metal3-sync"]), "onramp")
    found = await mount.read(f"bmc/{server}")
    assert found is not None
    assert found.data["password"] == "first-pass"
    for forbidden in (
        mount.write(f"bmc/{server}", {}, after=1),
        mount.describe(f"bmc/{server}", {}),
        mount.delete(f"bmc/{server}"),
        Mount(subject.session(subject.server.roles["metal3-sync"]), "onramp-keys").read("sealing/x"),
    ):
        with pytest.raises(Retry, match="denies"):
            await forbidden


async def test_vault_writer_may_not_delete_credentials(subject: Subject, server: ServerName) -> None:
    await subject.store(subject.scan(server))
    with pytest.raises(Retry, match="denies"):
        await Mount(subject.session(), "onramp").delete(f"bmc/{server}")


async def test_no_error_holds_a_secret(subject: Subject, server: ServerName) -> None:
    role = subject.role(subject.policy(ALLOWS_NOTHING))
    secret = AppRole(role.role_id, "canary-secret-id")
    for session in (subject.session(role), subject.session(secret)):
        with pytest.raises(StepError) as failed:
            await subject.store(subject.scan(server, "canary-password"), Mount(session, "onramp"))
        assert "canary" not in str(failed.value)
        assert failed.value.__suppress_context__
