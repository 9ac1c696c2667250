"""`servers`, `show`, `watch`: where servers stand, and how they came there."""

import asyncio
from datetime import datetime, timedelta

import pytest

from events.ids import new_onboarding_id
from events.types import OnboardingDiscarded
from tests.integration.cli.conftest import Cli, enrolled
from tests.integration.rig import Rig, now, ready, until


async def test_servers_are_listed_with_their_state_and_whose_turn_it_is(rig: Rig, cli: Cli) -> None:
    await rig.scan("dcoa-ra01u01")
    await rig.publish(ready(await rig.scan("dcoa-ra01u02")))
    [first, second] = await cli.json("servers")
    assert (first["server"], first["state"], first["step"]) == ("dcoa-ra01u01", "in-progress", "netbox_sync")
    assert (second["server"], second["state"], second["step"]) == ("dcoa-ra01u02", "ready", None)
    table = (await cli("servers")).stdout
    assert "dcoa-ra01u01" in table
    assert "2 servers" in table


async def test_servers_are_filtered_by_site_state_step_and_how_long_they_wait(rig: Rig, cli: Cli) -> None:
    await rig.scan("dcoa-ra01u01")
    await rig.publish(ready(await rig.scan("dcoa-ra01u02")))

    async def names(*filters: str) -> list[str]:
        return [row["server"] for row in await cli.json("servers", *filters)]

    assert await names("--state", "ready") == ["dcoa-ra01u02"]
    assert await names("--step", "netbox_sync") == ["dcoa-ra01u01"]
    assert await names("--site", "elsewhere") == []
    assert await names("--waiting-longer-than", "1h") == []
    assert await names("--waiting-longer-than", "0s") == ["dcoa-ra01u01"]


async def test_a_server_waits_since_it_was_stored_whatever_the_clock_said_that_scanned_it(
    rig: Rig, cli: Cli
) -> None:
    scan = await rig.scan("dcoa-ra01u01")
    for days in (-9999, 9999):
        told = {"onboarding_id": new_onboarding_id(), "scanned_at": now() + timedelta(days=days)}
        await rig.publish(scan.model_copy(update=told))
        [row] = await cli.json("servers")
        assert timedelta() < now() - datetime.fromisoformat(row["waiting_since"]) < timedelta(minutes=1)


async def test_no_server_at_all_is_an_empty_list(cli: Cli) -> None:
    assert await cli.json("servers") == []


async def test_a_story_says_how_long_each_step_took_and_to_which_scan_it_belongs(rig: Rig, cli: Cli) -> None:
    await enrolled(rig)
    await enrolled(rig)
    story = await cli.json("show", "DCOA-RA01U01")
    assert len(story["scans"]) == 2
    assert [entry["scan"] for entry in story["timeline"]] == [1] * 5 + [2] * 5
    reserved = story["timeline"][3]
    assert (reserved["event"], reserved["step"]) == ("address-reserved", "kea_sync")
    assert 0 < reserved["took"] < 5
    assert "3c:ec:ef:a1:9c:e8" in (await cli("show", "dcoa-ra01u01")).stdout


async def test_a_story_has_its_failures_their_dead_letters_and_who_sent_them_again(
    rig: Rig, cli: Cli, failed: int
) -> None:
    await cli("replay", str(failed), code=1)
    story = await cli.json("show", "dcoa-ra01u01")
    events = [entry["event"] for entry in story["timeline"]]
    assert events == ["server-scanned", "step-failed", "replay", "step-failed"]
    assert story["timeline"][2]["what"] == "sent again by ann"
    assert "held by old" in story["timeline"][1]["what"]
    assert story["dead_letters"] == [letter.id for letter in await rig.dead_letters()]


async def test_the_story_of_an_unknown_server_is_refused(cli: Cli) -> None:
    assert "no scan of nobody" in (await cli("show", "nobody", code=4)).stderr


async def test_watch_ends_when_all_have_settled_and_says_which_have_not_ended(
    rig: Rig, cli: Cli, failed: int
) -> None:
    assert failed
    scan = await rig.scan("dcoa-ra01u02")
    watching = asyncio.create_task(cli("watch", "--site", "dcoa", code=1))
    await until(lambda: rig.acked("netbox_sync"))
    await rig.publish(ready(scan))
    shown = (await watching).stdout
    assert "dcoa-ra01u01 has not ended: failed" in shown
    assert "2 servers" in shown


async def test_watch_waits_for_a_named_server_that_is_not_scanned_yet(rig: Rig, cli: Cli) -> None:
    watching = asyncio.create_task(cli.json("watch", "--server", "dcoa-ra01u07"))
    await until(lambda: _is_followed(rig))
    assert not watching.done()
    scan = await rig.scan("dcoa-ra01u07")
    end = {"onboarding_id": scan.onboarding_id, "server": scan.server, "site": scan.site}
    await rig.publish(OnboardingDiscarded(**end, by="ann", reason="gone"))
    [status] = await watching
    assert (status["server"], status["state"], status["ended"]) == ("dcoa-ra01u07", "discarded", True)


async def _is_followed(rig: Rig) -> bool:
    """Whether somebody follows the stream, beside the five steps' own consumers."""
    info = await rig.stream.jetstream.stream_info("ONBOARDING")
    return info.state.consumer_count > 5


async def test_watch_ends_when_nats_goes_away(rig: Rig, cli: Cli) -> None:
    await rig.scan("dcoa-ra01u01")
    watching = asyncio.create_task(cli("watch", code=3))
    await until(lambda: _is_followed(rig))
    rig.server.stop()
    result = await asyncio.wait_for(watching, 20)
    assert "the connection to NATS is lost" in result.stderr
    assert "dcoa-ra01u01 has not ended" in result.stdout


@pytest.mark.parametrize("command", [("servers",), ("watch",), ("check",)])
async def test_before_the_streams_are_made_it_is_said_what_makes_them(
    rig: Rig, cli: Cli, command: tuple[str, ...]
) -> None:
    for name in ("ONBOARDING", "DEAD_LETTERS"):
        await rig.stream.jetstream.delete_stream(name)
    assert "run `onramp streams apply`" in (await cli(*command, code=3)).stderr


async def test_dead_letters_of_a_history_that_is_gone_say_what_makes_it(rig: Rig, cli: Cli) -> None:
    await rig.stream.jetstream.delete_stream("ONBOARDING")
    said = (await cli("dead-letters", "list", code=3)).stderr
    assert "NATS says stream not found: run `onramp streams apply`" in said
