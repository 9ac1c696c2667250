"""`check` and `lease force`: what backends hold, and whose lease is in the way."""

from events.verdicts import Would
from tests.integration.cli.conftest import Answers, Cli, enrolled, unreadable, verdict
from tests.integration.rig import Rig

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


HELD = "10.16.28.78 is leased on kea-a to 52:54:00:00:00:01 (old-bmc) until 2026-11-22 08:00:00 UTC"


async def test_a_lease_is_forced_after_showing_whose_it_is(rig: Rig, cli: Cli, answering: Answers) -> None:
    await enrolled(rig)
    await answering(kea_sync=lambda _: verdict(Would.UNKNOWN, HELD))
    shown = (await cli("lease", "force", "dcoa-ra01u01", input="y\nunplugged\n")).stderr
    assert "52:54:00:00:00:01 (old-bmc)" in shown
    [sent] = await rig.stored("onboarding.replay.>")
    assert sent.headers["force-lease"] == "52:54:00:00:00:01@10.16.28.78"


async def test_no_lease_in_the_way_is_nothing_to_force(rig: Rig, cli: Cli, answering: Answers) -> None:
    await enrolled(rig)
    await answering(kea_sync=lambda _: verdict(Would.NOTHING))
    await cli("lease", "force", "dcoa-ra01u01", "--yes", "--why", "x", code=4)
    assert await rig.stored("onboarding.replay.>") == []


async def test_a_scan_that_cannot_be_read_is_unknown_and_the_others_are_compared(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await enrolled(rig)
    await unreadable(rig, "dcoa-ra00u01")
    await answering(**{step: lambda _: verdict(Would.NOTHING) for step in STEPS})
    found = await cli.json("check", code=1)
    results = {row["server"]: row["result"] for row in found}
    assert results == {"dcoa-ra00u01": "unknown", "dcoa-ra01u01": "agrees"}
    assert "the scan of dcoa-ra00u01 can't be read" in found[0]["reason"]
    assert "can't be read" in (await cli("lease", "force", "dcoa-ra00u01", code=4)).stderr
