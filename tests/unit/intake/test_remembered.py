"""What is remembered is read once for all who ask, and again once it is old."""

import asyncio

import pytest

from intake.remembered import Remembered


class Read:
    """Counts how often it is read."""

    def __init__(self) -> None:
        self.times = 0
        self.fails = False

    async def __call__(self) -> int:
        await asyncio.sleep(0)
        if self.fails:
            raise LookupError
        self.times += 1
        return self.times


async def test_while_it_is_young_it_is_read_once() -> None:
    remembered = Remembered(Read(), ttl=60)
    assert [await remembered.get() for _ in range(3)] == [1, 1, 1]


async def test_once_it_is_old_it_is_read_again() -> None:
    remembered = Remembered(Read(), ttl=0)
    assert [await remembered.get() for _ in range(3)] == [1, 2, 3]


async def test_whoever_wants_it_younger_has_it_read_for_all() -> None:
    remembered = Remembered(Read(), ttl=60)
    assert [await remembered.get(ttl) for ttl in (None, 0, 3600)] == [1, 2, 2]


async def test_those_who_ask_at_once_wait_for_one_reading() -> None:
    remembered = Remembered(Read(), ttl=60)
    assert await asyncio.gather(*(remembered.get() for _ in range(5))) == [1] * 5


async def test_a_reading_that_fails_is_not_remembered() -> None:
    read = Read()
    remembered = Remembered(read, ttl=60)
    read.fails = True
    with pytest.raises(LookupError):
        await remembered.get()
    read.fails = False
    assert await remembered.get() == 1
