"""Asking the steps what they would do, over NATS; `questions` is the other side."""

import nats.errors
from nats.aio.client import Client
from pydantic import ValidationError

from events.fold import SILENT
from events.steps import steps
from events.verdicts import Question, Verdict, Would

TRANSIT = 0.3
"""Seconds that an answer is given beyond the question's patience: the step says itself what it waits for."""


def asked_steps() -> list[str]:
    """The steps that answer questions, in the order of the chain."""
    return [name for name in steps() if name not in SILENT]


async def ask(client: Client, step: str, question: Question) -> Verdict:
    """One step's verdict; `unreachable`, naming the step, where no answer comes that can be read."""
    try:
        payload = question.model_dump_json().encode()
        answer = await client.request(f"check.{step}", payload, timeout=question.patience + TRANSIT)
        return Verdict.model_validate_json(answer.data)
    except nats.errors.NoRespondersError:
        reason = f"no service answers for {step}: is it running?"
    except (nats.errors.Error, TimeoutError):
        reason = f"{step} does not answer within {question.patience + TRANSIT:g} s"
    except ValidationError:
        reason = f"{step} gives an answer that can't be read"
    return Verdict(step=step, would=Would.UNKNOWN, reason=reason)
