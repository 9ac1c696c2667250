"""What is known of a message that waits."""

from datetime import UTC, datetime

import pytest

from events.attempts import Attempts
from tests.unit.events.samples import arrival


def handed_back(times: int, *, known: bool = True, counted: bool = True) -> Attempts:
    attempts = Attempts()
    for _ in range(times):
        attempts = attempts.after("locked", backend=None, known=known, counted=counted)
    return attempts


def test_a_first_delivery_is_no_suspect() -> None:
    assert not Attempts().suspect(arrival(deliveries=1))


def test_a_redelivery_that_was_handed_back_is_no_suspect() -> None:
    assert not handed_back(3).suspect(arrival(deliveries=4))


def test_a_redelivery_that_nobody_handed_back_is_a_suspect() -> None:
    assert Attempts().suspect(arrival(deliveries=2))
    assert handed_back(3).suspect(arrival(deliveries=5))


def test_a_suspicion_alone_is_no_death() -> None:
    assert (Attempts().marked().alone, Attempts().marked().deaths) == (True, 0)


def test_a_mark_that_is_left_behind_is_a_death() -> None:
    left = Attempts().marked()
    assert left.suspect(arrival(deliveries=2))
    assert [left.marked().deaths, left.marked().marked().deaths] == [1, 2]


def test_a_mark_that_is_left_behind_outlives_a_consumer_that_is_made_again() -> None:
    assert handed_back(5).marked().suspect(arrival(deliveries=2))


def test_handing_back_takes_the_mark_away() -> None:
    after = Attempts().marked().after("locked", backend=None, known=True, counted=True)
    assert not after.alone
    assert after.marked().deaths == 0


def test_the_first_failure_stays_while_the_last_one_moves() -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    before = Attempts(handed_back=2, first_failure=long_ago, last_failure=long_ago)
    after = before.after("sealed", backend="https://openbao", known=True, counted=True)
    assert after.first_failure == long_ago
    assert after.last_failure is not None
    assert after.last_failure > long_ago
    assert (after.handed_back, after.reason, after.backend) == (3, "sealed", "https://openbao")


def test_unknown_errors_are_counted_apart_from_retries() -> None:
    attempts = handed_back(2).after("KeyError", backend=None, known=False, counted=True)
    assert (attempts.retries, attempts.unknown, attempts.handed_back) == (2, 1, 3)


def test_waiting_for_a_dead_backend_is_no_attempt() -> None:
    assert (handed_back(5, counted=False).retries, handed_back(5, counted=False).handed_back) == (0, 5)


@pytest.mark.parametrize(
    ("times", "longest"), [(1, 1), (2, 2), (3, 4), (4, 8), (9, 256), (10, 300), (1000, 300)]
)
def test_the_wait_doubles_from_1_second_to_5_minutes(times: int, longest: float) -> None:
    attempts = Attempts(retries=times)
    assert all(0.8 * longest <= attempts.backoff() <= longest for _ in range(100))


def test_no_two_that_wait_march_in_step() -> None:
    attempts = handed_back(10)
    assert len({attempts.backoff() for _ in range(100)}) > 90


def test_a_record_comes_back_from_json_as_it_was() -> None:
    attempts = handed_back(2).marked()
    assert Attempts.model_validate_json(attempts.model_dump_json(exclude_defaults=True)) == attempts
