"""`operations`: what operators changed, on a real nats-server."""

import json

import pytest

from events.operations import Operations
from events.stream import Stream
from events.subjects import OPERATIONS
from onramp.cli.durations import moment
from tests.integration.cli.conftest import Cli
from tests.integration.cli.test_widths import says
from tests.integration.rig import Rig


@pytest.fixture
async def three(rig: Rig) -> None:
    """What two operators did."""
    ann, bob = Operations(rig.stream, "ann@desk"), Operations(rig.stream, "bob")
    await ann.note("replay", "dcoa-ra01u01", "took the old one out", step="netbox_sync", dead_letter="7")
    await bob.note("keys-new", "2026-11-21-dc5bbdf4", "")
    await bob.note("discard", "dcoa-ra01u02", "scrapped", step="kea_sync", dead_letter="9")


async def test_what_a_command_changed_is_listed_with_who_when_and_why(
    rig: Rig, cli: Cli, failed: int
) -> None:
    before = moment("0s")
    await cli("dead-letters", "discard", str(failed), "--yes", "--why", "scrapped")
    [listed] = await cli.json("operations")
    assert before <= moment(listed.pop("at")) <= moment("0s")
    details = {"step": "netbox_sync", "dead_letter": str(failed)}
    assert listed == {
        "verb": "discard",
        "target": "dcoa-ra01u01",
        "by": "ann",
        "why": "scrapped",
        "details": details,
    }


@pytest.mark.usefixtures("three")
async def test_the_newest_operation_is_the_last(cli: Cli) -> None:
    assert [each["verb"] for each in await cli.json("operations")] == ["replay", "keys-new", "discard"]


@pytest.mark.usefixtures("three")
async def test_operations_are_filtered_by_server_who_and_since(cli: Cli) -> None:
    async def verbs(*filters: str) -> list[str]:
        return [each["verb"] for each in await cli.json("operations", *filters)]

    assert await verbs("--server", "DCOA-RA01U02") == ["discard"]
    assert await verbs("--server", "dcoa-ra01u01", "--server", "dcoa-ra01u02") == ["replay", "discard"]
    assert await verbs("--who", "Ann") == ["replay"]
    assert await verbs("--since", "1h", "--who", "bob") == ["keys-new", "discard"]
    assert await verbs("--since", "2100-01-01T00:00:00Z") == []


@pytest.mark.parametrize("columns", ["80", "110"])
@pytest.mark.usefixtures("three")
async def test_the_table_of_operations_cuts_nothing(cli: Cli, columns: str) -> None:
    shown = (await cli("operations", COLUMNS=columns)).stdout
    assert says(shown, "ann@desk", "dcoa-ra01u01", "took the old one out", "step netbox_sync, dead letter 7")
    assert "3 operations" in shown
    assert "…" not in shown


async def test_no_operation_at_all_is_an_empty_list(cli: Cli) -> None:
    assert await cli.json("operations") == []


async def test_an_operation_that_cannot_be_read_hides_none_of_the_others(rig: Rig, cli: Cli) -> None:
    stream = Stream(rig.client, OPERATIONS)
    await stream.publish("operations.purge.dcoa-ra01u01", b"not JSON", {}, id="by-hand")
    await Operations(rig.stream, "ann").note("purge", "dcoa-ra01u02", "a secret in a tag")
    [unread, read] = await cli.json("operations")
    assert (unread["verb"], unread["target"], unread["by"]) == ("purge", "dcoa-ra01u01", "")
    assert unread["why"] == "the message can't be read"
    assert read["by"] == "ann"


async def test_an_operation_whose_time_has_no_zone_counts_from_when_it_was_stored(rig: Rig, cli: Cli) -> None:
    told = {"verb": "purge", "target": "s1", "by": "ann", "why": "x", "at": "2026-01-01T00:00:00"}
    stream = Stream(rig.client, OPERATIONS)
    await stream.publish("operations.purge.s1", json.dumps({**told, "details": {}}).encode(), {}, id="odd")
    [listed] = await cli.json("operations", "--since", "1h")
    assert listed["target"] == "s1"
