"""What a watch beside the messages may tell: the same rules hold for it."""

from datetime import timedelta

import pytest

from events.dead_letters import DeadLetters, Failure
from events.onboardings import Onboardings, Open
from events.operations import Operations
from events.publishing import Publisher
from events.replays import Replays
from events.steps import steps
from events.stored import Stored
from events.stream import Stream
from events.subjects import DEAD_LETTERS
from events.types import (
    AddressReserved,
    HostEnrolled,
    OnboardingDiscarded,
    ServerReady,
    ServerScanned,
    StepDelayed,
    StepFailed,
)
from tests.integration.rig import Rig, now, ready, until

TOO_LONG = Failure("registering for 2 h", "Deadline")


@pytest.fixture
def onboardings(rig: Rig) -> Onboardings:
    letters = DeadLetters(Stream(rig.client, DEAD_LETTERS), "metal3_sync")
    return Onboardings(rig.stream, Publisher(rig.stream, "metal3_sync"), letters, steps()["metal3_sync"])


async def _enrolled(rig: Rig) -> tuple[ServerScanned, HostEnrolled]:
    scan = await rig.scan()
    facts = {
        "onboarding_id": scan.onboarding_id,
        "server": scan.server,
        "site": scan.site,
        "outcome": "created",
        "reason": "as told",
        "registration": scan.registration,
        "credentials": {"mount": "onramp", "path": "bmc/x", "version": 1},
    }
    await rig.publish(AddressReserved.model_validate(facts))
    enrolled = HostEnrolled.model_validate({**facts, "host": {"namespace": "metal3", "name": scan.server}})
    await rig.publish(enrolled)
    return scan, enrolled


async def _open(onboardings: Onboardings, enrolled: HostEnrolled) -> Open[HostEnrolled]:
    found = await onboardings.open(HostEnrolled, enrolled.server)
    assert found
    return found


async def _replay(rig: Rig) -> int:
    """Send the one dead letter's message to its step again."""
    [letter] = await rig.dead_letters()
    return (await Replays(rig.stream, Operations(rig.stream, "ann")).replay(letter, "mended")).sequence


async def test_an_end_is_told_once(rig: Rig, onboardings: Onboardings) -> None:
    scan, enrolled = await _enrolled(rig)
    assert await onboardings.open(HostEnrolled, enrolled.server)
    assert await onboardings.end(ready(scan))
    assert not await onboardings.end(ready(scan).model_copy(update={"state": "provisioned"}))
    assert len(await rig.told(ServerReady)) == 1
    assert await onboardings.open(HostEnrolled, enrolled.server) is None


class Lagging(Stream):
    """A stream of which any replica but the leader has yet to store what was told last."""

    async def last(self, subject: str, *, from_leader: bool = False) -> Stored | None:
        return await super().last(subject, from_leader=True) if from_leader else None


async def test_an_onboarding_is_open_though_a_follower_does_not_know_it_yet(rig: Rig) -> None:
    _, enrolled = await _enrolled(rig)
    stream = Lagging(rig.client)
    letters = DeadLetters(Stream(rig.client, DEAD_LETTERS), "metal3_sync")
    lagging = Onboardings(stream, Publisher(stream, "metal3_sync"), letters, steps()["metal3_sync"])
    assert await lagging.open(HostEnrolled, enrolled.server)


async def test_no_end_is_told_beside_another(rig: Rig, onboardings: Onboardings) -> None:
    scan, _ = await _enrolled(rig)
    discarded = OnboardingDiscarded(
        onboarding_id=scan.onboarding_id, server=scan.server, site=scan.site, by="op", reason="no"
    )
    await rig.publish(discarded)
    assert not await onboardings.end(ready(scan))
    assert await rig.told(ServerReady) == []


async def test_no_end_is_told_for_a_superseded_scan(rig: Rig, onboardings: Onboardings) -> None:
    scan, enrolled = await _enrolled(rig)
    await rig.scan()
    assert not await onboardings.end(ready(scan))
    assert await onboardings.open(HostEnrolled, enrolled.server) is None
    assert await rig.told(ServerReady) == []


async def test_a_delay_is_told_once_an_hour(rig: Rig, onboardings: Onboardings) -> None:
    _, enrolled = await _enrolled(rig)
    for _ in range(3):
        await onboardings.delayed(enrolled, "401 from the BMC", now() + timedelta(minutes=2))
    [told] = await rig.told(StepDelayed)
    assert isinstance(told, StepDelayed)
    assert told.reason == "401 from the BMC"


async def test_giving_up_dead_letters_the_steps_own_message_once_and_an_end_takes_it_away(
    rig: Rig, onboardings: Onboardings
) -> None:
    scan, enrolled = await _enrolled(rig)
    judged = await _open(onboardings, enrolled)
    for _ in range(2):
        await onboardings.failed(judged, TOO_LONG)
    [letter] = await rig.dead_letters()
    assert isinstance(letter.stored.decoded().event, AddressReserved)
    assert len(await rig.told(StepFailed)) == 1
    assert await onboardings.end(ready(scan))
    assert await rig.dead_letters() == []


async def test_a_replay_sets_an_onboarding_going_again(rig: Rig, onboardings: Onboardings) -> None:
    _, enrolled = await _enrolled(rig)
    before = await _open(onboardings, enrolled)
    await onboardings.failed(before, TOO_LONG)
    replay = await _replay(rig)
    after = await _open(onboardings, enrolled)
    assert (after.event, after.sequence) == (enrolled, replay)
    assert after.since > before.since
    await onboardings.failed(after, TOO_LONG)
    assert [letter.original_sequence for letter in await rig.dead_letters()] == [2, 2]


async def test_a_replay_that_comes_while_a_host_is_judged_is_not_given_up_with_what_was_judged(
    rig: Rig, onboardings: Onboardings
) -> None:
    _, enrolled = await _enrolled(rig)
    judged = await _open(onboardings, enrolled)
    await onboardings.failed(judged, TOO_LONG)
    [letter] = await rig.dead_letters()
    await _replay(rig)
    await onboardings.failed(judged, TOO_LONG)
    assert await rig.dead_letters() == [letter]
    assert len(await rig.told(StepFailed)) == 1


async def test_what_is_stored_is_followed_and_what_comes_after_it(rig: Rig, onboardings: Onboardings) -> None:
    _, enrolled = await _enrolled(rig)
    following = onboardings.follow(HostEnrolled)
    assert (await anext(following)).event == enrolled
    _, second = await _enrolled(rig)
    assert (await anext(following)).event == second
    await following.aclose()  # type: ignore[attr-defined]


async def test_following_goes_on_after_nats_was_away(rig: Rig, onboardings: Onboardings) -> None:
    _, enrolled = await _enrolled(rig)
    following = onboardings.follow(HostEnrolled)
    assert (await anext(following)).event == enrolled
    rig.server.kill()
    await until(lambda: not rig.client.is_connected)
    rig.server.start()
    await until(lambda: rig.client.is_connected)
    _, second = await _enrolled(rig)
    assert (await anext(following)).event == second
    await following.aclose()  # type: ignore[attr-defined]
