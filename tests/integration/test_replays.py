"""Rule 10: a failed message goes back to the one step that failed, once, whoever sends it."""

import asyncio

import pytest

from events.errors import Refuse
from events.operations import Operations
from events.orders import DEAD_LETTER, Orders
from events.replays import InFlight, Replays
from events.types import DeviceRecorded, Event, OnboardingDiscarded
from tests.integration.rig import Rig, recorded, until


class Mended:
    """A step that refuses until somebody mends its backend."""

    def __init__(self) -> None:
        self.mended = False
        self.orders: list[Orders] = []
        self.going = asyncio.Event()
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def do(self, event: Event, orders: Orders) -> Event:
        self.orders.append(orders)
        self.going.set()
        await self.may_go.wait()
        if not self.mended:
            raise Refuse("RB06 U31 is held by old", culprit="old")
        return recorded(event)


@pytest.fixture
def mended() -> Mended:
    return Mended()


async def _failed(rig: Rig, mended: Mended) -> Replays:
    await rig.run(netbox_sync=mended.do)
    await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    return Replays(rig.stream, Operations(rig.stream, "ann"))


async def test_a_replay_after_the_mend_gets_the_message_through_and_its_dead_letter_goes(
    rig: Rig, mended: Mended
) -> None:
    replays = await _failed(rig, mended)
    mended.mended = True
    [letter] = [letter async for letter in replays.standing()]
    await replays.replay(letter, "took the old one out")
    await until(lambda: rig.acked("netbox_sync"))
    assert len(await rig.told(DeviceRecorded)) == 1
    assert await rig.dead_letters() == []
    assert mended.orders[-1].dead_letter == letter.id
    [operation] = await rig.stored("operations.replay.>", "OPERATIONS")
    assert b'"ann"' in operation.data


async def test_a_renewed_failure_is_a_new_dead_letter_and_the_old_one_goes(rig: Rig, mended: Mended) -> None:
    replays = await _failed(rig, mended)
    [letter] = [letter async for letter in replays.standing()]
    sent = await replays.replay(letter, "try")
    await until(lambda: rig.acked("netbox_sync"))
    [renewed] = await rig.dead_letters()
    assert renewed.id != letter.id
    assert renewed.stored.subject.endswith(f".{sent.sequence}")
    assert renewed.original_sequence == letter.original_sequence
    await replays.replay(renewed, "try again")
    await until(lambda: rig.acked("netbox_sync"))
    assert len(await rig.dead_letters()) == 1


async def test_a_second_operator_is_told_who_replayed_and_when(rig: Rig, mended: Mended) -> None:
    replays = await _failed(rig, mended)
    [letter] = [letter async for letter in replays.standing()]
    mended.may_go.clear()
    await replays.replay(letter, "try")
    bob = Replays(rig.stream, Operations(rig.stream, "bob"))
    with pytest.raises(InFlight, match="already replayed by ann"):
        await bob.replay(letter, "me too")
    with pytest.raises(InFlight):
        await bob.discard(letter, "no")
    mended.may_go.set()
    await until(lambda: rig.acked("netbox_sync"))
    assert len(await rig.stored("onboarding.replay.>")) == 1


async def test_a_discard_ends_the_onboarding_and_says_who_and_why(rig: Rig, mended: Mended) -> None:
    replays = await _failed(rig, mended)
    [letter] = [letter async for letter in replays.standing()]
    await replays.discard(letter, "scrapped")
    [end] = await rig.told(OnboardingDiscarded)
    assert isinstance(end, OnboardingDiscarded)
    assert (end.by, end.reason) == ("ann", "scrapped")
    assert await rig.dead_letters() == []


async def test_a_message_whose_orders_cannot_be_read_can_be_discarded(rig: Rig, mended: Mended) -> None:
    replays = await _failed(rig, mended)
    [letter] = [letter async for letter in replays.standing()]
    subject = "onboarding.replay.netbox_sync.dcoa.dcoa-ra01u01"
    headers = {**letter.stored.headers, DEAD_LETTER: "the first"}
    await rig.stream.publish(subject, letter.stored.data, headers, id="odd")
    await until(lambda: rig.acked("netbox_sync"))
    for standing in [letter async for letter in replays.standing()]:
        await replays.discard(standing, "sent by hand")
    assert await rig.dead_letters() == []


async def test_the_replay_of_a_superseded_onboarding_does_nothing_and_its_dead_letter_goes(
    rig: Rig, mended: Mended
) -> None:
    replays = await _failed(rig, mended)
    [letter] = [letter async for letter in replays.standing()]
    mended.mended = True
    await rig.scan()
    await until(lambda: rig.acked("netbox_sync"))
    handled = len(mended.orders)
    assert await replays.superseded(letter)
    await replays.replay(letter, "late")
    await until(lambda: rig.acked("netbox_sync"))
    assert await rig.dead_letters() == []
    assert all(order.dead_letter is None for order in mended.orders[handled:])


async def test_a_step_can_be_run_again_for_a_server_that_passed_it(rig: Rig, mended: Mended) -> None:
    mended.mended = True
    replays = await _failed(rig, mended)
    await replays.again("netbox_sync", "server-scanned", "dcoa-ra01u01", "rebuild", {})
    await until(lambda: rig.acked("netbox_sync"))
    assert len(mended.orders) == 2
    assert len(await rig.told(DeviceRecorded)) == 1
    with pytest.raises(Refuse, match="has not come as far as kea_sync"):
        await replays.again("kea_sync", "credentials-stored", "dcoa-ra01u01", "rebuild", {})
