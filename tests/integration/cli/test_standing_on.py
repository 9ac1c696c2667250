"""`doctor`, `purge`, the records of keys and streams, and how NATS is found."""

import json
from pathlib import Path

from events.questions import answer_requests
from events.seal import KeyRecord, new_private_key, public_part
from events.subjects import OPERATIONS
from events.verdicts import Would
from onramp.sandbox.nats import free_port
from tests.integration.cli.conftest import Answers, Cli, verdict
from tests.integration.rig import Rig


async def test_doctor_names_what_is_missing_and_what_to_type(rig: Rig, cli: Cli) -> None:
    await rig.stream.jetstream.delete_consumer("ONBOARDING", "kea_sync")
    found = {finding["check"]: finding for finding in await cli.json("doctor", code=1)}
    assert found["consumer kea_sync"]["found"] == "missing"
    assert found["consumer kea_sync"]["do"] == "run `onramp streams apply`"
    assert found["sealing keys"]["do"] == "run `onramp keys new`"
    assert "is it running?" in found["step kea_sync"]["found"]
    assert found["intake"]["health"] == "broken"
    assert found["clock"]["health"] == "ok"
    assert found["may replay"]["health"] == "ok"
    assert found["stream ONBOARDING"]["health"] == "ok"


async def test_doctor_stores_nothing(rig: Rig, cli: Cli) -> None:
    await cli("doctor", code=1)
    for name in ("ONBOARDING", "DEAD_LETTERS", "OPERATIONS"):
        assert (await rig.stream.jetstream.stream_info(name)).state.last_seq == 0


async def test_doctor_asks_the_steps_about_a_server_that_was_scanned(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await rig.scan("dcoa-ra01u07")
    await answering(kea_sync=lambda question: verdict(Would.UNKNOWN, f"kea-a is down for {question.server}"))
    found = {finding["check"]: finding for finding in await cli.json("doctor", code=1)}
    assert "kea-a is down for dcoa-ra01u07" in found["step kea_sync"]["found"]
    assert found["step kea_sync"]["health"] == "broken"


async def test_a_stream_that_differs_is_named_with_the_field(rig: Rig, cli: Cli) -> None:
    config = (await rig.stream.jetstream.stream_info("DEAD_LETTERS")).config
    config.discard = None
    config.max_msgs_per_subject = 5
    await rig.stream.jetstream.update_stream(config)
    found = {finding["check"]: finding for finding in await cli.json("doctor", code=1)}
    assert "max_msgs_per_subject" in found["stream DEAD_LETTERS"]["found"]


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
