"""A step that is asked what it would do answers, whatever happens."""

import asyncio

import pytest

from events import questions
from events.errors import Refuse, Retry, Unreachable
from events.questions import Check, checked
from events.types import Registration
from events.values import MacAddress, ServerName
from events.verdicts import Question, Verdict, Would

QUESTION = Question(
    server=ServerName("dcoa-rb06u31"),
    registration=Registration.model_validate({"bmc_mac": "3c:ec:ef:a1:9c:e8", "bmc_ip": "10.16.28.78"}),
)


def raising(error: Exception) -> Check:
    async def check(_question: Question) -> Verdict:
        raise error

    return check


async def verdict(check: Check, payload: bytes | None = None) -> Verdict:
    answer = await checked("kea_sync", check)(payload or QUESTION.model_dump_json().encode())
    return Verdict.model_validate_json(answer)


async def test_the_steps_own_verdict_is_the_answer() -> None:
    async def check(question: Question) -> Verdict:
        assert question == QUESTION
        return Verdict(step="kea_sync", would=Would.CREATE, reason="nothing reserved", changes=("kea-a",))

    assert await verdict(check) == Verdict(
        step="kea_sync", would=Would.CREATE, reason="nothing reserved", changes=("kea-a",)
    )


async def test_what_the_step_would_refuse_is_refused_with_its_culprit() -> None:
    answer = await verdict(raising(Refuse("10.16.28.78 is held by old", culprit="old")))
    assert (answer.would, answer.reason, answer.culprit) == (
        Would.REFUSE,
        "10.16.28.78 is held by old",
        "old",
    )


@pytest.mark.parametrize("error", [Retry("Kea is busy"), Unreachable("Kea is busy", backend="http://kea-a")])
async def test_where_only_time_helps_nobody_knows(error: Retry) -> None:
    answer = await verdict(raising(error))
    assert (answer.would, answer.reason) == (Would.UNKNOWN, "Kea is busy")


async def test_an_unknown_error_is_named_by_its_kind_and_not_quoted() -> None:
    answer = await verdict(raising(KeyError("hunter2")))
    assert (answer.would, answer.reason) == (Would.UNKNOWN, "the check failed: KeyError")


async def test_a_check_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check(_question: Question) -> Verdict:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(questions, "PATIENCE", 0.01)
    answer = await verdict(check)
    assert (answer.would, answer.reason) == (Would.UNKNOWN, "not done within 0.01 s")


@pytest.mark.parametrize("payload", [b"?", b"{}", b'{"server": "-", "registration": {}}'])
async def test_a_question_that_cannot_be_read_is_refused(payload: bytes) -> None:
    answer = await verdict(raising(AssertionError()), payload)
    assert (answer.would, answer.reason) == (Would.REFUSE, "the question can't be read")


def test_the_recorded_address_counts_before_the_scanned_one() -> None:
    recorded = QUESTION.model_validate({**QUESTION.model_dump(), "bmc_ip": "10.16.28.99"})
    assert (str(QUESTION.address), str(recorded.address)) == ("10.16.28.78", "10.16.28.99")


def test_without_either_address_nobody_knows_it_yet() -> None:
    bare = Registration(bmc_mac=MacAddress("3c:ec:ef:a1:9c:e8"))
    assert Question(server=QUESTION.server, registration=bare).address is None
