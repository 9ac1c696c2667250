"""`dead-letters` and `replay`: what failed is found, mended and sent again, or given up."""

import json

import pytest

from events.operations import Operations
from events.replays import Replays
from events.subjects import OPERATIONS
from events.types import DeviceRecorded, OnboardingDiscarded
from tests.integration.cli.conftest import Cli, NetBox, given_up
from tests.integration.rig import Rig


async def test_dead_letters_are_listed_with_what_failed_and_why(rig: Rig, cli: Cli, failed: int) -> None:
    [row] = await cli.json("dead-letters", "list")
    assert row["id"] == failed
    assert (row["step"], row["server"], row["culprit"]) == ("netbox_sync", "dcoa-ra01u01", "old")
    assert row["reason"] == "the place of dcoa-ra01u01 is held by old"
    assert row["superseded"] is False
    assert "1 dead letter" in (await cli("dead-letters", "list")).stdout


async def test_dead_letters_are_filtered(cli: Cli, failed: int) -> None:
    async def ids(*filters: str) -> list[int]:
        return [row["id"] for row in await cli.json("dead-letters", "list", *filters)]

    assert await ids("--reason", "HELD BY", "--service", "replica", "--site", "dcoa") == [failed]
    assert await ids("--since", "1h") == [failed]
    assert await ids("--since", "2100-01-01T00:00:00Z") == []
    assert await ids("--service", "kea_sync") == []
    assert await ids("--superseded") == []


async def test_a_dead_letter_is_shown_whole(cli: Cli, failed: int) -> None:
    whole = await cli.json("dead-letters", "show", str(failed))
    assert whole["message"]["server"] == "dcoa-ra01u01"
    assert whole["headers"]["onramp-culprit"] == "old"
    assert "held by old" in (await cli("dead-letters", "show", str(failed))).stdout


async def test_one_that_does_not_stand_is_refused(cli: Cli) -> None:
    assert "there is no dead letter 99" in (await cli("dead-letters", "show", "99", code=4)).stderr


async def test_a_replay_after_the_mend_is_followed_until_it_succeeded(
    rig: Rig, cli: Cli, netbox: NetBox, failed: int
) -> None:
    netbox.mended = True
    [outcome] = await cli.json("replay", str(failed), "--why", "took the old one out")
    assert (outcome["id"], outcome["state"]) == (failed, "succeeded")
    assert len(await rig.told(DeviceRecorded)) == 1
    assert await rig.dead_letters() == []
    [operation] = await _operations(rig)
    assert (operation["verb"], operation["by"], operation["why"]) == ("replay", "ann", "took the old one out")


async def test_a_replay_that_fails_again_says_so_and_names_the_new_dead_letter(
    rig: Rig, cli: Cli, failed: int
) -> None:
    [outcome] = await cli.json("replay", "--reason", "held by old", code=1)
    [renewed] = await rig.dead_letters()
    assert (outcome["id"], outcome["state"]) == (failed, "failed again")
    assert outcome["dead_letter"] == renewed.id


async def test_a_dry_run_sends_nothing(rig: Rig, cli: Cli, failed: int) -> None:
    [row] = await cli.json("replay", str(failed), "--dry-run")
    assert row["id"] == failed
    assert await rig.stored("onboarding.replay.>") == []
    assert "to netbox_sync alone" in (await cli("replay", str(failed), "--dry-run")).stdout


async def test_what_another_operator_sent_is_not_sent_twice(rig: Rig, cli: Cli) -> None:
    stopped = await rig.run(netbox_sync=NetBox().do)
    await rig.scan()
    [letter] = await given_up(rig, 1)
    await stopped.stop()
    rig.replicas.remove(stopped)
    await Replays(rig.stream, Operations(rig.stream, "bob")).replay(letter, "first")
    [outcome] = await cli.json("replay", str(letter.id), code=1)
    assert outcome["state"] == "in flight"
    assert "bob" in outcome["reason"]
    [kept] = await cli.json("dead-letters", "discard", str(letter.id), "--yes", "--why", "no", code=1)
    assert kept["state"] == "in flight"


async def test_a_replay_of_what_is_gone_is_told(cli: Cli) -> None:
    [outcome] = await cli.json("replay", "99", code=1)
    assert outcome["state"] == "gone"


async def test_one_that_stands_and_is_none_of_those_that_are_meant_is_not_called_gone(
    rig: Rig, cli: Cli, failed: int
) -> None:
    [outcome] = await cli.json("replay", str(failed), "--service", "kea_sync", code=1)
    assert outcome["state"] == "left out"
    discard = ("dead-letters", "discard", str(failed), "--superseded", "--yes", "--why", "old")
    [outcome] = await cli.json(*discard, code=1)
    assert outcome["state"] == "left out"
    assert len(await rig.dead_letters()) == 1


@pytest.mark.parametrize("subject", ["dead.by.hand", "dead.kea_sync.dcoa.dcoa-ra01u01.7"])
async def test_a_message_that_no_step_gave_up_is_listed_and_can_only_be_discarded(
    rig: Rig, cli: Cli, failed: int, subject: str
) -> None:
    foreign = (await rig.client.jetstream().publish(subject, b"junk")).seq
    rows = await cli.json("dead-letters", "list")
    assert [(row["id"], row["reason"]) for row in rows[1:]] == [(foreign, "no step put it here")]
    assert not await Replays(rig.stream, Operations(rig.stream, "ann")).superseded(
        (await rig.dead_letters())[1]
    )
    [outcome] = await cli.json("replay", str(foreign), code=1)
    assert (outcome["state"], await rig.stored("onboarding.replay.>")) == ("not sent", [])
    await cli("dead-letters", "discard", str(foreign), "--yes", "--why", "junk")
    assert [letter.id for letter in await rig.dead_letters()] == [failed]


async def test_nothing_is_sent_to_a_step_without_its_consumer(rig: Rig, cli: Cli, failed: int) -> None:
    for replica in rig.replicas:
        await replica.stop()
    rig.replicas.clear()
    await rig.stream.jetstream.delete_consumer("ONBOARDING", "netbox_sync")
    result = await cli("replay", str(failed), code=3)
    assert "the consumer netbox_sync is missing: run `onramp streams apply`" in result.stderr
    assert await rig.stored("onboarding.replay.>") == []


@pytest.mark.parametrize(
    ("command", "answers"),
    [
        (("dead-letters", "discard", "{id}"), "scrapped\ny\n"),
        (("purge", "dcoa-ra01u01"), "y\nscrapped\n"),
    ],
)
async def test_what_is_asked_is_not_among_the_json(
    cli: Cli, failed: int, command: tuple[str, ...], answers: str
) -> None:
    arguments = [argument.format(id=failed) for argument in command]
    result = await cli(*arguments, "--json", input=answers)
    assert "Why" in result.stderr
    assert "dcoa-ra01u01" in result.stderr
    echoed = "".join(f" {answer}\n" for answer in answers.splitlines())
    assert json.loads(result.stdout.removeprefix(echoed))


async def test_a_replay_of_nothing_in_particular_is_wrong_usage(cli: Cli) -> None:
    await cli("replay", code=2)
    await cli("dead-letters", "discard", code=2)


async def test_a_discard_asks_and_leaves_a_record_of_who_and_why(rig: Rig, cli: Cli, failed: int) -> None:
    await cli("dead-letters", "discard", str(failed), "--why", "scrapped", input="n\n", code=1)
    assert len(await rig.dead_letters()) == 1
    await cli("dead-letters", "discard", str(failed), input="scrapped\ny\n")
    assert await rig.dead_letters() == []
    [end] = await rig.told(OnboardingDiscarded)
    assert isinstance(end, OnboardingDiscarded)
    assert (end.by, end.reason) == ("ann", "scrapped")
    [operation] = await _operations(rig)
    assert operation["verb"] == "discard"


async def test_superseded_clears_only_those_that_a_newer_scan_overtook(
    rig: Rig, cli: Cli, failed: int
) -> None:
    await rig.scan("dcoa-ra01u02")
    await rig.scan("dcoa-ra01u01")
    await given_up(rig, 3)
    [overtaken] = await cli.json("dead-letters", "list", "--superseded")
    assert overtaken["id"] == failed
    await cli("dead-letters", "discard", "--superseded", "--yes", "--why", "scanned again")
    assert {letter.server for letter in await rig.dead_letters()} == {"dcoa-ra01u01", "dcoa-ra01u02"}
    assert failed not in {letter.id for letter in await rig.dead_letters()}


async def _operations(rig: Rig) -> list[dict[str, str]]:
    return [json.loads(stored.data) for stored in await rig.stored("operations.>", OPERATIONS)]
