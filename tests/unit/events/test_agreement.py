"""Whether a stream or consumer is as it must be."""

import pytest
from nats.js.api import ConsumerConfig, StreamConfig

from events.agreement import differences
from events.steps import steps
from events.streams import consumer_config, stream_configs

ONBOARDING, *OTHERS = stream_configs()


def consumer(**changes: object) -> ConsumerConfig:
    return consumer_config(steps()["kea_sync"], ack_wait=30.0).evolve(**changes)


@pytest.mark.parametrize("wanted", [ONBOARDING, *OTHERS], ids=lambda config: str(config.name))
def test_what_was_asked_for_agrees_with_itself(wanted: StreamConfig) -> None:
    assert differences(wanted, wanted) == []


def test_what_nats_words_otherwise_agrees() -> None:
    found = StreamConfig.from_response({**ONBOARDING.as_dict(), "max_age": 0, "retention": "limits"})
    assert differences(ONBOARDING, found) == []


def test_what_nobody_asked_for_is_not_compared() -> None:
    assert differences(ONBOARDING, ONBOARDING.evolve(description="ours", max_msg_size=1 << 20)) == []


def test_each_difference_says_what_was_found_and_what_is_wanted() -> None:
    found = ONBOARDING.evolve(max_msgs_per_subject=1, deny_delete=False)
    assert differences(ONBOARDING, found) == [
        "max_msgs_per_subject: 1, wanted 64",
        "deny_delete: 0, wanted True",
    ]


@pytest.mark.parametrize("bound", ["max_msgs", "max_bytes"])
def test_a_bound_that_would_drop_what_waits_is_a_difference_of_the_history_alone(bound: str) -> None:
    assert differences(ONBOARDING, ONBOARDING.evolve(**{bound: 500})) == [f"{bound}: 500, wanted -1"]
    for other in OTHERS:
        assert differences(other, other.evolve(**{bound: 500})) == []


def test_the_age_limit_of_the_history_is_the_operators_choice() -> None:
    assert differences(ONBOARDING, ONBOARDING.evolve(max_age=86400.0)) == []


def test_replicas_and_ack_wait_are_compared_where_they_are_named() -> None:
    [asked, *_] = stream_configs(3)
    assert differences(ONBOARDING, ONBOARDING.evolve(num_replicas=3)) == []
    assert differences(asked, asked.evolve(num_replicas=1)) == ["num_replicas: 1, wanted 3"]
    assert differences(consumer(ack_wait=None), consumer(ack_wait=60.0)) == []
    assert differences(consumer(), consumer(ack_wait=60.0)) == ["ack_wait: 60.0, wanted 30.0"]


def test_the_age_limit_of_a_bucket_is_not() -> None:
    [attempts] = [config for config in OTHERS if config.name == "KV_ATTEMPTS"]
    assert differences(attempts, attempts.evolve(max_age=60.0)) == ["max_age: 60.0, wanted 2592000.0"]


def test_the_order_of_filter_subjects_does_not_matter() -> None:
    wanted = consumer()
    found = consumer(filter_subjects=list(reversed(wanted.filter_subjects or [])))
    assert differences(wanted, found) == []


def test_a_bound_on_deliveries_is_a_difference() -> None:
    assert differences(consumer(), consumer(max_deliver=5)) == ["max_deliver: 5, wanted -1"]
