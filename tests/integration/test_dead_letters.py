"""Rule 6: one message has one dead letter, as long as none is taken away, on a real nats-server."""

import pytest
from nats.js.api import PubAck

from events.attempts import Attempts
from events.dead_letters import PREFIX, DeadLetters, Failure
from events.stored import Stored
from events.stream import Stream
from events.subjects import DEAD_LETTERS
from tests.integration.rig import Rig

REFUSED = Failure("RB06 U31 is held by old", "Refuse", "old")


@pytest.fixture
async def message(rig: Rig) -> Stored:
    """What fails."""
    await rig.scan()
    [stored] = await rig.stored()
    return stored


@pytest.fixture
def letters(rig: Rig) -> DeadLetters:
    return DeadLetters(Stream(rig.client, DEAD_LETTERS), "netbox_sync")


async def test_a_message_that_is_given_up_twice_has_one_dead_letter(
    rig: Rig, letters: DeadLetters, message: Stored
) -> None:
    for _ in range(2):
        await letters.put("netbox_sync", message, REFUSED, Attempts())
    assert len(await rig.dead_letters()) == 1


async def test_a_message_that_fails_again_after_its_dead_letter_went_has_a_new_one(
    rig: Rig, letters: DeadLetters, message: Stored
) -> None:
    await letters.put("netbox_sync", message, REFUSED, Attempts())
    [first] = await rig.dead_letters()
    await letters.remove(first.id)
    await letters.put("netbox_sync", message, REFUSED, Attempts())
    [second] = await rig.dead_letters()
    assert second.id > first.id


@pytest.mark.parametrize("time", ["yesterday", "2026-01-01T00:00:00"])
async def test_a_time_that_cannot_be_compared_is_none(rig: Rig, time: str) -> None:
    await rig.client.jetstream().publish("dead.by.hand", b"", headers={f"{PREFIX}last-failure": time})
    [letter] = await rig.dead_letters()
    assert letter.last_failure is None


async def test_a_dead_letter_whose_confirmation_was_lost_stands_once(
    rig: Rig, message: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Stream(rig.client, DEAD_LETTERS)
    publish = stream.jetstream.publish
    lost: list[PubAck] = []

    async def losing_the_first(*args: object, **kwargs: object) -> PubAck:
        ack = await publish(*args, **kwargs)  # type: ignore[arg-type]
        if not lost:
            lost.append(ack)
            raise TimeoutError
        return ack

    monkeypatch.setattr(stream.jetstream, "publish", losing_the_first)
    await DeadLetters(stream, "netbox_sync").put("netbox_sync", message, REFUSED, Attempts())
    [letter] = await rig.dead_letters()
    assert [ack.seq for ack in lost] == [letter.id]
