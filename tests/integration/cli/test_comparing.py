"""`check`, `replay --step` and `lease force`: what backends hold, and putting it right."""

from events.seal import KeyRecord, new_private_key, public_part, seal
from events.types import CredentialsStored, ServerScanned
from events.values import MacAddress
from events.verdicts import Would
from tests.integration.cli.conftest import Answers, Cli, enrolled, verdict
from tests.integration.rig import Rig, recorded

STEPS = ("netbox_sync", "vault_writer", "kea_sync", "metal3_sync")


async def test_check_agrees_where_every_backend_holds_what_the_events_say(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await enrolled(rig)
    await answering(**{step: lambda _: verdict(Would.NOTHING) for step in STEPS})
    found = await cli.json("check", "dcoa-ra01u01")
    assert [(row["step"], row["result"]) for row in found] == [(step, "agrees") for step in STEPS]


async def test_check_names_each_difference_and_exits_with_one(rig: Rig, cli: Cli, answering: Answers) -> None:
    await enrolled(rig)
    await answering(**{step: lambda _: verdict(Would.NOTHING) for step in STEPS if step != "kea_sync"})
    lost = verdict(Would.CREATE, "x", "kea_sync", "kea-a reserves 10.16.28.78")
    await answering(kea_sync=lambda _: lost)
    [row] = [row for row in await cli.json("check", code=1) if row["result"] == "differs"]
    assert row["changes"] == ["kea-a reserves 10.16.28.78"]
    table = (await cli("check", code=1)).stdout
    assert "kea-a reserves 10.16.28.78" in table
    assert "3 agrees, 1 differs" in table


async def test_a_step_is_asked_about_the_recorded_address(rig: Rig, cli: Cli, answering: Answers) -> None:
    await enrolled(rig)
    asked = []
    await answering(**{step: lambda q: asked.append(q) or verdict(Would.NOTHING) for step in STEPS})  # type: ignore[func-returns-value]
    await cli("check")
    assert {str(question.bmc_ip) for question in asked} == {"10.16.28.78"}


async def test_a_service_that_is_not_there_is_unknown_and_no_agreement(rig: Rig, cli: Cli) -> None:
    await rig.scan()
    found = await cli.json("check", code=1)
    assert {row["result"] for row in found} == {"unknown"}
    assert "is it running?" in found[0]["reason"]


async def test_a_step_that_is_still_to_come_is_open_and_differs_in_nothing(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await rig.scan()
    await answering(**{step: lambda _: verdict(Would.CREATE) for step in STEPS})
    assert {row["result"] for row in await cli.json("check")} == {"open"}


async def test_a_rebuild_sends_what_was_lost_and_lists_the_rest(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    for server in ("lost-1", "rotated-1", "same-1"):
        await enrolled(rig, server)
    await rig.scan("late-1")
    kinds = {"lost": Would.CREATE, "rotated": Would.CHANGE, "same": Would.NOTHING}
    await answering(kea_sync=lambda question: verdict(kinds[question.server.split("-")[0]]))
    lines = await cli.json("replay", "--step", "kea_sync", "--why", "lost its disk")
    assert {line["server"]: (line["state"], line["sent"]) for line in lines} == {
        "lost-1": ("lost", True),
        "rotated-1": ("differs", False),
        "same-1": ("already so", False),
        "late-1": ("not passed", False),
    }
    [sent] = await rig.stored("onboarding.replay.>")
    assert sent.subject == "onboarding.replay.kea_sync.dcoa.lost-1"


async def test_overwrite_sends_what_differs_too(rig: Rig, cli: Cli, answering: Answers) -> None:
    await enrolled(rig)
    await answering(kea_sync=lambda _: verdict(Would.CHANGE))
    [line] = await cli.json("replay", "--step", "kea_sync", "--overwrite", "--server", "dcoa-ra01u01")
    assert line["sent"]


async def test_the_dry_run_of_a_rebuild_shows_the_difference_and_sends_nothing(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await enrolled(rig)
    await answering(kea_sync=lambda _: verdict(Would.CREATE, "x", "kea_sync", "kea-a reserves 10.16.28.78"))
    shown = (await cli("replay", "--step", "kea_sync", "--dry-run")).stdout
    assert "would be sent" in shown
    assert "kea-a reserves 10.16.28.78" in shown
    assert await rig.stored("onboarding.replay.>") == []


async def test_a_password_that_no_key_opens_is_listed_as_scan_again(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await _sealed(rig, "gone-1", "gone-key")
    key = await _sealed(rig, "kept-1", "kept-key")
    await rig.client.jetstream().publish("$KV.KEYS.kept-key", key.model_dump_json().encode())
    await answering(vault_writer=lambda _: verdict(Would.CREATE, step="vault_writer"))
    lines = await cli.json("replay", "--step", "vault_writer", "--dry-run", code=1)
    assert {line["server"]: line["state"] for line in lines} == {"gone-1": "scan again", "kept-1": "lost"}


async def test_an_unknown_step_is_wrong_usage(cli: Cli) -> None:
    assert "no such step" in (await cli("replay", "--step", "nope", code=2)).stderr


HELD = "10.16.28.78 is leased on kea-a to 52:54:00:00:00:01 (old-bmc) until 2026-11-22 08:00:00 UTC"


async def test_a_lease_is_forced_after_showing_whose_it_is(rig: Rig, cli: Cli, answering: Answers) -> None:
    await enrolled(rig)
    await answering(kea_sync=lambda _: verdict(Would.UNKNOWN, HELD))
    shown = (await cli("lease", "force", "dcoa-ra01u01", input="y\nunplugged\n")).stdout
    assert "52:54:00:00:00:01 (old-bmc)" in shown
    [sent] = await rig.stored("onboarding.replay.>")
    assert sent.headers["force-lease"] == "52:54:00:00:00:01@10.16.28.78"


async def test_no_lease_in_the_way_is_nothing_to_force(rig: Rig, cli: Cli, answering: Answers) -> None:
    await enrolled(rig)
    await answering(kea_sync=lambda _: verdict(Would.NOTHING))
    await cli("lease", "force", "dcoa-ra01u01", "--yes", "--why", "x", code=4)
    assert await rig.stored("onboarding.replay.>") == []


async def _sealed(rig: Rig, server: str, kid: str) -> KeyRecord:
    """A server whose password is sealed to a key, and that came as far as its stored credentials."""
    record = KeyRecord(key=public_part(new_private_key(kid)), made_at="2026-01-01T00:00:00Z")
    scan = await rig.scan(server)
    sealed = seal("secret", MacAddress("3c:ec:ef:a1:9c:e8"), record.key)
    assert isinstance(scan, ServerScanned)
    device = recorded(scan).model_copy(update={"sealed_password": sealed})
    await rig.publish(device, **{"ce-source": "/onramp/netbox_sync"})
    given = device.model_dump(exclude={"sealed_password"})
    stored = CredentialsStored(**given, credentials={"mount": "o", "path": server, "version": 1})
    await rig.publish(stored, **{"ce-source": "/onramp/vault_writer"})
    return record
