"""`keys`: made, listed, retired and deleted by a real vault_writer on a real OpenBao."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import hvac
import pytest

from events.ids import new_onboarding_id
from events.seal import KeyRecord, seal
from events.subjects import OPERATIONS
from events.types import Registration, ServerScanned
from events.values import MacAddress
from onramp.sandbox import openbao
from onramp.sandbox.backends import Backends
from onramp.sandbox.openbao import OpenBao
from onramp.sandbox.services import service
from onramp.sandbox.waiting import answers
from tests import engines
from tests.integration.cli.conftest import Cli
from tests.integration.rig import Rig, until
from vault_writer.lost import LOOK_EVERY

MAC = MacAddress("3c:ec:ef:a1:9c:e8")


@pytest.fixture(scope="module")
def openbao_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenBao]:
    """One for all of these tests; what is in it is from the earlier ones too."""
    server = openbao.start(tmp_path_factory.mktemp("openbao") / "server", spawn=engines.openbao)
    yield server
    server.stop()


@pytest.fixture
async def vault_writer(rig: Rig, tmp_path: Path, openbao_server: OpenBao) -> AsyncIterator[str]:
    """The HTTP address of a vault_writer that is ready."""
    server = openbao_server
    nats = {"ONRAMP_NATS_URL": rig.server.url, "ONRAMP_ACK_WAIT": str(rig.settings.ack_wait)}
    backends = Backends(
        tmp_path, tmp_path, openbao_address=server.address, openbao_roles=server.roles, openbao_server=server
    )
    process, url = service("vault_writer", tmp_path, nats, backends)
    try:
        await process.start()
        yield url
    finally:
        await process.stop()


@pytest.fixture
def bao(openbao_server: OpenBao, vault_writer: str) -> OpenBao:
    """OpenBao, with a vault_writer that answers."""
    assert vault_writer
    return openbao_server


def _keys_mount(bao: OpenBao) -> Any:
    """What root may do with secrets."""
    return hvac.Client(bao.address, bao.root_token).secrets.kv.v2


def _private(bao: OpenBao) -> list[str]:
    """The ids of the private keys that OpenBao holds."""
    return list(_keys_mount(bao).list_secrets("sealing", mount_point="onramp-keys")["data"]["keys"])


async def _scan_sealed_to(rig: Rig, kid: str, server: str) -> None:
    stored = await rig.client.jetstream().get_last_msg("KV_KEYS", f"$KV.KEYS.{kid}")
    record = KeyRecord.model_validate_json(stored.data or b"")
    event = ServerScanned(
        onboarding_id=new_onboarding_id(),
        server=server,
        site="dcoa",
        registration=Registration(bmc_mac=MAC),
        sealed_password=seal("secret123", MAC, record.key),
    )
    await rig.publish(event)


async def _made(cli: Cli) -> str:
    kid: str = (await cli.json("keys", "new"))["key"]["kid"]
    return kid


async def _sealing_keys(cli: Cli) -> tuple[str, str]:
    """What doctor finds of them."""
    [found] = [each for each in await cli.json("doctor", code=1) if each["check"] == "sealing keys"]
    return found["health"], found["found"]


async def test_a_new_key_is_kept_where_only_vault_writer_reads_it_and_listed(cli: Cli, bao: OpenBao) -> None:
    kid = await _made(cli)
    assert kid in _private(bao)
    [listed] = await cli.json("keys", "list")
    assert (listed["kid"], listed["retired"], listed["needed_by"]) == (kid, False, [])
    table = (await cli("keys", "list")).stdout
    assert kid in table
    assert "nobody" in table


async def test_the_last_key_that_seals_is_not_retired(cli: Cli, bao: OpenBao) -> None:
    kid = await _made(cli)
    assert "make a new one first" in (await cli("keys", "retire", kid, code=4)).stderr
    [listed] = await cli.json("keys", "list")
    assert not listed["retired"]


async def test_a_key_is_rotated_out_once_no_newest_scan_is_sealed_to_it(
    rig: Rig, cli: Cli, bao: OpenBao
) -> None:
    old = await _made(cli)
    await _scan_sealed_to(rig, old, "dcoa-ra01u01")
    new = await _made(cli)
    assert "retire it first" in (await cli("keys", "delete", old, code=4)).stderr
    await cli("keys", "retire", old)
    assert "dcoa-ra01u01" in (await cli("keys", "delete", old, code=4)).stderr
    assert {old, new} <= {*_private(bao)}
    await _scan_sealed_to(rig, new, "dcoa-ra01u01")
    await cli("keys", "delete", old)
    assert new in _private(bao)
    assert old not in _private(bao)
    assert [key["kid"] for key in await cli.json("keys", "list")] == [new]


async def test_who_rotated_a_key_is_recorded_and_a_refusal_is_not(rig: Rig, cli: Cli, bao: OpenBao) -> None:
    old = await _made(cli)
    await cli("keys", "retire", old, code=4)
    new = await _made(cli)
    await cli("keys", "retire", old)
    done = [json.loads(stored.data) for stored in await rig.stored("operations.>", OPERATIONS)]
    assert [(each["verb"], each["target"], each["by"]) for each in done] == [
        ("keys-new", old, "ann"),
        ("keys-new", new, "ann"),
        ("keys-retire", old, "ann"),
    ]


async def test_a_private_key_that_goes_while_vault_writer_runs_is_named_everywhere(
    cli: Cli, bao: OpenBao, vault_writer: str
) -> None:
    kid = await _made(cli)
    assert await _sealing_keys(cli) == ("ok", "that seal: 1 of 1")
    ready = answers(f"{vault_writer}/readyz")
    assert await ready() == ""
    _keys_mount(bao).delete_latest_version_of_secret(f"sealing/{kid}", mount_point="onramp-keys")

    async def red() -> bool:
        return f"sealing-keys: the private key of {kid} is gone from OpenBao" in await ready()

    await until(red, seconds=2 * LOOK_EVERY)
    [listed] = await cli.json("keys", "list")
    assert listed["lost"]
    assert "seals, lost" in (await cli("keys", "list")).stdout
    assert await _sealing_keys(cli) == (
        "broken",
        f"that seal: 1 of 1; the private key of {kid} is gone from OpenBao",
    )


async def test_a_key_that_nobody_made_is_refused(cli: Cli, bao: OpenBao) -> None:
    assert "there is no sealing key 'none'" in (await cli("keys", "retire", "none", code=4)).stderr


async def test_without_a_vault_writer_nobody_answers(cli: Cli) -> None:
    assert "is it running" in (await cli("keys", "list", code=3)).stderr
