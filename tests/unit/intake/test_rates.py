"""A rate lets a burst through, then as many as time brings, and remembers only so many askers."""

import pytest
from starlette.requests import HTTPConnection

from intake.guards.problems import TooManyRequests
from intake.guards.rates import REMEMBERED, Rates, network_of, per_address


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _refused(rates: Rates, asker: str = "a") -> bool:
    try:
        rates.take(asker)
    except TooManyRequests:
        return True
    return False


def test_ten_seconds_worth_may_come_at_once() -> None:
    rates = Rates(2, Clock())
    assert [_refused(rates) for _ in range(21)] == [False] * 20 + [True]


def test_time_brings_more_but_never_more_than_the_burst() -> None:
    clock = Clock()
    rates = Rates(2, clock)
    for _ in range(20):
        rates.take("a")
    clock.now += 1
    assert [_refused(rates) for _ in range(3)] == [False, False, True]
    clock.now += 3600
    assert [_refused(rates) for _ in range(21)] == [False] * 20 + [True]


def test_being_refused_does_not_put_it_off_further() -> None:
    clock = Clock()
    rates = Rates(1, clock)
    for _ in range(100):
        _refused(rates)
    clock.now += 1
    assert not _refused(rates)


def test_one_asker_takes_nothing_from_another() -> None:
    rates = Rates(0.1, Clock())
    rates.take("a")
    assert _refused(rates, "a")
    assert not _refused(rates, "b")


def test_it_says_when_to_come_again() -> None:
    rates = Rates(0.1, Clock())
    rates.take("a")
    with pytest.raises(TooManyRequests) as refused:
        rates.take("a")
    assert refused.value.retry_after == 10


async def test_signing_in_counts_as_many_requests() -> None:
    counted = per_address(Rates(100, Clock()))
    login = HTTPConnection({"type": "http", "path": "/auth/login", "headers": [], "client": ("::1", 1)})
    for _ in range(40):
        await counted(login)
    with pytest.raises(TooManyRequests):
        await counted(login)


def test_zero_is_no_limit() -> None:
    rates = Rates(0, Clock())
    assert not any(_refused(rates) for _ in range(1000))


def test_many_askers_do_not_fill_the_memory() -> None:
    rates = Rates(1, Clock())
    for number in range(REMEMBERED + 100):
        rates.take(str(number))
    assert len(rates._buckets) == REMEMBERED


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::2:1", "2001:db8::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_customer_is_one_asker(host: str, network: str) -> None:
    assert network_of(host) == network
