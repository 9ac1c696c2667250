"""A message as it stands in a stream, and how many of them are read in one request (ADR-31)."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nats.aio.client import Client
from nats.aio.msg import Msg

from events.envelope import Message, decode
from events.store_errors import Away, translated

ANSWERS_WITHIN = 10.0
"""Seconds for all answers to a request of several messages."""


@dataclass(frozen=True)
class Stored:
    """A message as it stands in a stream."""

    subject: str
    sequence: int
    time: datetime
    headers: Mapping[str, str]
    data: bytes

    @property
    def onboarding_id(self) -> str:
        """Which onboarding it belongs to; empty where it is no event."""
        return self.headers.get("ce-onboardingid", "")

    @property
    def id(self) -> str:
        """Its `ce-id`; empty where it is no event."""
        return self.headers.get("ce-id", "")

    def decoded(self) -> Message:
        """Its event. Raises `Refuse` when it is none."""
        return decode(dict(self.headers), self.data)


async def direct_get(
    client: Client, stream: str, request: Mapping[str, object], *, within: float = ANSWERS_WITHIN
) -> tuple[list[Stored], Mapping[str, str]]:
    """All that a request of several messages finds, and the headers of the status that closes it.

    Raises `Away` when there is no stream to answer.
    """
    found: list[Stored] = []
    closed: asyncio.Future[Mapping[str, str]] = asyncio.get_running_loop().create_future()

    async def take(answer: Msg) -> None:
        headers = answer.headers or {}
        if "Status" not in headers:
            found.append(_direct(answer))
        elif not closed.done():
            closed.set_result(headers)

    inbox = client.new_inbox()
    async with translated():
        # A callback: waiting for each message by itself would take as long again as reading it.
        answers = await client.subscribe(inbox, cb=take)
        try:
            await client.publish(f"$JS.API.DIRECT.GET.{stream}", json.dumps(request).encode(), reply=inbox)
            headers = await asyncio.wait_for(closed, within)
        finally:
            await answers.unsubscribe()
    return _all(found, headers["Status"], stream), headers


def _all(found: list[Stored], status: str, stream: str) -> list[Stored]:
    """What was found, when the status says that it is all (204) or that there is nothing (404)."""
    if status in {"204", "404"}:
        return found
    if status == "503":
        raise Away(f"the stream {stream} does not answer: run `onramp streams apply` if it is missing")
    raise Away(f"direct get answered {status}")


def _direct(answer: Msg) -> Stored:
    headers: dict[str, str] = dict(answer.headers or {})
    return Stored(
        subject=headers["Nats-Subject"],
        sequence=int(headers["Nats-Sequence"]),
        time=datetime.fromisoformat(headers["Nats-Time-Stamp"]),
        headers=headers,
        data=answer.data,
    )
