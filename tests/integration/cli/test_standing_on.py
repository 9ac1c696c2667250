"""`purge`, the records of keys and streams, and how NATS is found."""

import json
from pathlib import Path

from events.questions import answer_requests
from events.seal import KeyRecord, new_private_key, public_part
from events.subjects import OPERATIONS
from onramp.sandbox.nats import free_port
from tests.integration.cli.conftest import Cli
from tests.integration.rig import Rig


async def test_a_purge_removes_one_server_and_leaves_a_record(rig: Rig, cli: Cli) -> None:
    await rig.scan("dcoa-ra01u01")
    await rig.scan("dcoa-ra01u02")
    await cli("purge", "dcoa-ra01u01", "--why", "a secret in its tag", input="n\n", code=1)
    removed = await cli.json("purge", "dcoa-ra01u01", "--yes", "--why", "a secret in its tag")
    assert removed == {"ONBOARDING": 1, "DEAD_LETTERS": 0}
    [row] = await cli.json("servers")
    assert row["server"] == "dcoa-ra01u02"
    [operation] = await _operations(rig)
    assert (operation["verb"], operation["target"], operation["by"]) == ("purge", "dcoa-ra01u01", "ann")


async def test_a_new_key_is_recorded_with_who_made_it(rig: Rig, cli: Cli) -> None:
    async def make(_: bytes) -> bytes:
        key = KeyRecord(key=public_part(new_private_key("k1")), made_at="2026-01-01T00:00:00Z")
        return key.model_dump_json().encode()

    await answer_requests(rig.client, "vault_writer", {"keys.new": make})
    await rig.client.flush()
    await cli("keys", "new")
    [operation] = await _operations(rig)
    assert (operation["verb"], operation["target"], operation["by"]) == ("keys-new", "k1", "ann")


async def test_a_purge_of_a_server_that_nobody_knows_is_refused_and_not_recorded(rig: Rig, cli: Cli) -> None:
    said = (await cli("purge", "nobody", "--yes", "--why", "a typo", code=4)).stderr
    assert "the streams hold nothing of nobody" in said
    assert await _operations(rig) == []


async def test_a_consumer_that_is_made_again_is_recorded(rig: Rig, cli: Cli) -> None:
    await rig.stream.jetstream.delete_consumer("ONBOARDING", "kea_sync")
    await cli("streams", "apply")
    [operation] = await _operations(rig)
    assert (operation["verb"], operation["target"]) == ("streams-create", "kea_sync")


async def test_nats_that_is_away_is_exit_code_three_and_says_what_to_set(cli: Cli) -> None:
    said = (await cli("servers", code=3, ONRAMP_NATS_URL=f"nats://127.0.0.1:{free_port()}")).stderr
    assert "set ONRAMP_NATS_URL" in said


async def test_a_missing_stream_is_named(rig: Rig, cli: Cli) -> None:
    await rig.stream.jetstream.delete_stream("DEAD_LETTERS")
    said = (await cli("dead-letters", "list", code=3)).stderr
    assert "run `onramp streams apply`" in said


async def test_a_flag_wins_over_the_environment_and_that_over_the_context(cli: Cli, tmp_path: Path) -> None:
    away = f"nats://127.0.0.1:{free_port()}"
    folder = tmp_path / "nats" / "context"
    folder.mkdir(parents=True)
    (folder / "lab.json").write_text(json.dumps({"url": away, "user": "ann"}))
    home = str(tmp_path)
    await cli("--context", "lab", "servers", XDG_CONFIG_HOME=home)
    flags = ("--context", "lab", "--nats-url", away)
    assert away in (await cli(*flags, "servers", code=3, XDG_CONFIG_HOME=home)).stderr
    missing = await cli("--context", "other", "servers", code=2, XDG_CONFIG_HOME=home)
    assert "no usable context other" in missing.stderr


async def test_a_context_file_is_used_where_the_environment_says_nothing(
    rig: Rig, cli: Cli, tmp_path: Path
) -> None:
    folder = tmp_path / "nats" / "context"
    folder.mkdir(parents=True)
    (folder / "lab.json").write_text(json.dumps({"url": rig.server.url}))
    assert (
        await cli.json("servers", XDG_CONFIG_HOME=str(tmp_path), NATS_CONTEXT="lab", ONRAMP_NATS_URL=None)
        == []
    )


async def _operations(rig: Rig) -> list[dict[str, str]]:
    return [json.loads(stored.data) for stored in await rig.stored("operations.>", OPERATIONS)]
