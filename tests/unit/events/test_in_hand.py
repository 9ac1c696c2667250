"""The gate that every message of a process passes."""

import asyncio

import pytest

from events.in_hand import InHand


class Held:
    """A message that is in hand until it is let go."""

    def __init__(self, gate: InHand, server: str, *, alone: bool = False) -> None:
        self.inside = asyncio.Event()
        self._let_go = asyncio.Event()
        self.task = asyncio.create_task(self._hold(gate, server, alone))

    async def _hold(self, gate: InHand, server: str, alone: bool) -> None:
        async with gate.taken(server, alone=alone):
            self.inside.set()
            await self._let_go.wait()

    async def done(self) -> None:
        self._let_go.set()
        await self.task


async def stays_out(held: Held) -> bool:
    """Whether it is not let in for as long as it would take many times over."""
    inside = asyncio.create_task(held.inside.wait())
    await asyncio.wait([inside], timeout=0.05)
    inside.cancel()
    return not held.inside.is_set()


@pytest.fixture
def gate() -> InHand:
    return InHand()


async def test_messages_of_different_servers_are_in_hand_together(gate: InHand) -> None:
    first, second = Held(gate, "a"), Held(gate, "b")
    await asyncio.gather(first.inside.wait(), second.inside.wait())
    await asyncio.gather(first.done(), second.done())


async def test_messages_of_one_server_are_in_hand_one_after_the_other(gate: InHand) -> None:
    first, second = Held(gate, "a"), Held(gate, "a")
    assert await stays_out(second)
    assert first.inside.is_set()
    await first.done()
    await second.inside.wait()
    await second.done()


async def test_a_suspect_waits_until_nothing_else_is_in_hand(gate: InHand) -> None:
    neighbour, suspect = Held(gate, "a"), Held(gate, "b", alone=True)
    assert await stays_out(suspect)
    await neighbour.done()
    await suspect.inside.wait()
    await suspect.done()


async def test_a_suspect_that_waits_or_is_in_hand_lets_nobody_in(gate: InHand) -> None:
    neighbour, suspect, later = Held(gate, "a"), Held(gate, "b", alone=True), Held(gate, "c")
    assert await stays_out(later)
    await neighbour.done()
    await suspect.inside.wait()
    assert await stays_out(later)
    await suspect.done()
    await later.inside.wait()
    await later.done()


async def test_two_suspects_are_in_hand_one_after_the_other(gate: InHand) -> None:
    first, second = Held(gate, "a", alone=True), Held(gate, "b", alone=True)
    assert await stays_out(second)
    assert first.inside.is_set()
    await first.done()
    await second.inside.wait()
    await second.done()


async def test_a_suspect_that_is_cancelled_while_it_waits_holds_up_nobody(gate: InHand) -> None:
    neighbour, suspect = Held(gate, "a"), Held(gate, "b", alone=True)
    assert await stays_out(suspect)
    suspect.task.cancel()
    await asyncio.wait([suspect.task])
    later = Held(gate, "c")
    await later.inside.wait()
    await asyncio.gather(neighbour.done(), later.done())


async def test_what_breaks_in_hand_is_out_of_hand(gate: InHand) -> None:
    with pytest.raises(KeyError):
        async with gate.taken("a", alone=True):
            raise KeyError
    async with gate.taken("a", alone=True):
        pass
