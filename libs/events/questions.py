"""Requests that a service answers on subjects that no stream holds: `check.<step>`, `keys.<verb>`."""

import asyncio
from collections.abc import Awaitable, Callable

from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import ValidationError

from events import breaker, deadline, logs
from events.errors import Refuse, Retry
from events.verdicts import Question, Verdict, Would

Answer = Callable[[bytes], Awaitable[bytes]]
Check = Callable[[Question], Awaitable[Verdict]]

PATIENCE = 10.0
"""Seconds after which whoever asked has gone, whatever they said."""


def checked(step: str, check: Check) -> Answer:
    """A step's find and decide, asked for as JSON: a `Question` in, a `Verdict` out, whatever happens."""

    async def answer(payload: bytes) -> bytes:
        return (await _verdict(step, check, payload)).model_dump_json().encode()

    return answer


async def _verdict(step: str, check: Check, payload: bytes) -> Verdict:
    unanswered = breaker.watch_calls()
    try:
        question = Question.model_validate_json(payload)
        return await deadline.within(min(question.patience, PATIENCE), check(question))
    except ValidationError:
        return Verdict(step=step, would=Would.REFUSE, reason="the question can't be read")
    except Refuse as refusal:
        return Verdict(step=step, would=Would.REFUSE, reason=refusal.reason, culprit=refusal.culprit)
    except Retry as retry:
        silent = f" by {' and '.join(sorted(unanswered))}" if unanswered else ""
        return Verdict(step=step, would=Would.UNKNOWN, reason=f"{retry.reason}{silent}")
    except Exception as error:
        logs.logger().error("a check failed", step=step, error_type=type(error).__name__, exc_info=error)
        return Verdict(step=step, would=Would.UNKNOWN, reason=f"the check failed: {type(error).__name__}")


async def answer_requests(client: Client, queue: str, answers: dict[str, Answer]) -> None:
    """Answer from now on, none waiting for another; the replicas of a service share the requests."""
    running: set[asyncio.Task[None]] = set()
    for subject, answer in answers.items():

        async def respond(message: Msg, answer: Answer = answer) -> None:
            try:
                await message.respond(await answer(message.data))
            except Exception as error:
                logs.logger().error(
                    "a request was not answered", subject=message.subject, error_type=type(error).__name__
                )

        async def take(message: Msg, respond: Callable[[Msg], Awaitable[None]] = respond) -> None:
            task = asyncio.ensure_future(respond(message))
            running.add(task)
            task.add_done_callback(running.discard)

        await client.subscribe(subject, queue=queue, cb=take)
