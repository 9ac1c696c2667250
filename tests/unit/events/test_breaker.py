"""The breaker of one backend's address."""

import asyncio
from itertools import pairwise

import pytest

from events import breaker
from events.breaker import OPENS_AFTER, Backend
from events.errors import Refuse, Retry, Unreachable

ADDRESS = "http://kea-a:8000"


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(breaker, "time", clock)
    return clock


@pytest.fixture
def backend(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Backend:
    monkeypatch.setattr(Backend, "by_address", {})
    return Backend("Kea kea-a", ADDRESS)


async def fail(backend: Backend, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(Unreachable):
            async with backend.call():
                raise Unreachable("Kea kea-a does not answer (connection refused)", backend=ADDRESS)


async def test_it_opens_when_the_backend_was_unreachable_several_times_in_a_row(backend: Backend) -> None:
    await fail(backend, OPENS_AFTER - 1)
    assert not backend.open
    await fail(backend)
    assert backend.open


async def test_while_it_is_open_nothing_is_called_and_the_refusal_says_what_the_trouble_was(
    backend: Backend,
) -> None:
    await fail(backend, OPENS_AFTER)
    said = r"Kea kea-a does not answer \(connection refused\); waiting for it"
    with pytest.raises(Retry, match=said) as retry:
        async with backend.call():
            pytest.fail("the backend was called")
    assert retry.value.backend == ADDRESS


async def test_an_answer_in_between_begins_the_count_anew(backend: Backend) -> None:
    await fail(backend, OPENS_AFTER - 1)
    async with backend.call():
        pass
    await fail(backend, OPENS_AFTER - 1)
    assert not backend.open


async def test_a_refusal_is_an_answer(backend: Backend) -> None:
    await fail(backend, OPENS_AFTER - 1)
    with pytest.raises(Refuse):
        async with backend.call():
            raise Refuse("no such subnet")
    await fail(backend, OPENS_AFTER - 1)
    assert not backend.open


async def test_one_probe_at_a_time_is_let_through(backend: Backend, clock: Clock) -> None:
    await fail(backend, OPENS_AFTER)
    clock.now += 1
    async with backend.call():
        assert not backend.probe_due
        with pytest.raises(Retry):
            async with backend.call():
                pytest.fail("a second probe was let through")


async def test_a_call_from_before_it_opened_ends_no_probe(backend: Backend, clock: Clock) -> None:
    before = backend.call()
    await before.__aenter__()
    await fail(backend, OPENS_AFTER)
    clock.now += 60
    async with backend.call():
        late = Unreachable("time-out", backend=ADDRESS)
        assert not await before.__aexit__(type(late), late, None)
        clock.now += 60
        assert not backend.probe_due


async def test_it_closes_when_a_probe_is_answered(backend: Backend, clock: Clock) -> None:
    await fail(backend, OPENS_AFTER)
    clock.now += 1
    async with backend.call():
        pass
    assert not backend.open


async def test_each_probe_that_fails_puts_the_next_one_off_up_to_half_a_minute(
    backend: Backend, clock: Clock
) -> None:
    await fail(backend, OPENS_AFTER)
    for wait in (1, 2, 4, 8, 16, 30, 30):
        clock.now += wait - 0.01
        assert not backend.probe_due
        clock.now += 0.01
        await fail(backend)
    assert backend.open


def test_those_that_pile_up_come_back_at_the_resume_rate_from_the_first_on(
    backend: Backend, clock: Clock
) -> None:
    slots = []
    for _ in range(1_000):
        slots.append(clock.now + backend.delay())
        clock.now += 0.01
    between = [later - earlier for earlier, later in pairwise(slots)]
    assert between == pytest.approx([1 / Backend.resume_rate] * 999)


def test_ten_thousand_that_wait_come_back_at_the_resume_rate(backend: Backend, clock: Clock) -> None:
    slots = [clock.now + backend.delay() for _ in range(10_000)]
    for number in range(10_000):
        clock.now = slots[number]
        slots.append(clock.now + backend.delay())
    took = slots[-1] - slots[-10_000]
    assert 9_999 / took == pytest.approx(Backend.resume_rate)


def test_the_first_that_waits_comes_back_when_the_next_probe_is_due(backend: Backend) -> None:
    assert backend.delay() == pytest.approx(breaker.FIRST_PROBE)


async def test_nobody_comes_back_before_the_next_probe_is_due(backend: Backend, clock: Clock) -> None:
    await fail(backend, OPENS_AFTER)
    for _ in range(6):
        clock.now += 30
        await fail(backend)
    assert all(backend.delay() >= breaker.LONGEST_PROBE for _ in range(3))


def test_those_that_came_back_wait_no_longer(backend: Backend, clock: Clock) -> None:
    delays = [backend.delay() for _ in range(10)]
    assert backend.waiting == 10
    clock.now += delays[6]
    assert backend.waiting == 3
    clock.now += 1
    assert backend.waiting == 0
    assert backend.delay() == pytest.approx(breaker.FIRST_PROBE)


def test_a_backend_is_found_by_its_address(backend: Backend) -> None:
    assert Backend.by_address == {ADDRESS: backend}


async def test_many_calls_that_fail_at_the_same_time_do_not_put_the_first_probe_off(
    backend: Backend, clock: Clock
) -> None:
    all_under_way = asyncio.Barrier(8)

    async def fail_with_the_others() -> None:
        async with backend.call():
            await all_under_way.wait()
            raise Unreachable("Kea kea-a does not answer (connection refused)", backend=ADDRESS)

    await asyncio.gather(*(fail_with_the_others() for _ in range(8)), return_exceptions=True)
    assert backend.open
    clock.now += breaker.FIRST_PROBE
    assert backend.probe_due
