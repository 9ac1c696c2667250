"""Messages sent to steps once more, at a rate, each followed until it has succeeded or failed again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from nats.js.errors import NotFoundError
from rich.progress import Progress

from events.dead_letters import DeadLetter
from events.errors import Refuse
from events.replays import InFlight, Sent
from events.steps import steps
from events.store_errors import Overtaken
from events.stream import Stream
from events.subjects import DEAD_LETTERS, dead_letter_subject, parse
from onramp.cli.acks import Acks
from onramp.cli.output import NoAnswer, errors

LOOKS_EVERY = 0.3
"""Seconds between two looks at those that are on their way."""
OUTCOMES = {"succeeded": "green", "failed again": "red", "in flight": "yellow", "on its way": "yellow"}
"""How each is shown."""
AT_ONCE = 8
"""Sent side by side, so that a rate is kept which one after the other could not keep."""
BEHIND = 0.25
"""Seconds' worth that is made up for after a hold-up; what is older is let go, so that there is no rush."""


@dataclass(frozen=True)
class Order:
    """One message that is to be sent to a step."""

    step: str
    server: str
    send: Callable[[], Awaitable[Sent]]
    id: int | None = None
    """Its dead letter's."""


@dataclass(frozen=True)
class Outcome:
    """What became of one."""

    id: int | None
    server: str
    step: str
    state: str
    """`succeeded`, `failed again`, `on its way` still, or `in flight`: not sent, for another was."""
    reason: str = ""
    dead_letter: int | None = None
    """The new one, where it failed again."""

    @classmethod
    def of(cls, order: Order, state: str, reason: str = "", dead_letter: int | None = None) -> "Outcome":
        """What became of this one."""
        return cls(order.id, order.server, order.step, state, reason, dead_letter)


class Pace:
    """Lets so many a second through, evenly."""

    def __init__(self, rate: float) -> None:
        """`rate`: how many a second."""
        self._gap = 1 / rate
        self._next_at = monotonic()

    async def wait(self) -> None:
        """Until it is the next one's turn."""
        now = monotonic()
        turn = max(self._next_at, now - BEHIND)
        self._next_at = turn + self._gap
        await asyncio.sleep(max(0.0, turn - now))


class Replaying:
    """What one operator sends."""

    def __init__(self, stream: Stream, rate: float) -> None:
        self._stream = stream
        self._letters = Stream(stream.client, DEAD_LETTERS)
        self._rate = rate
        self._going: dict[int, tuple[Order, Sent]] = {}
        self._not_sent: list[Outcome] = []

    @property
    def going(self) -> list[Outcome]:
        """Those that are on their way."""
        why = "it waits, as `onramp show` says, or nobody runs its step"
        return [Outcome.of(order, "on its way", why) for order, _ in self._going.values()]

    async def run(self, orders: Sequence[Order]) -> AsyncIterator[Outcome]:
        """Each one's outcome, as they come. Raises `Away`; what was sent stays sent."""
        async with Acks.of(self._stream, {order.step for order in orders}) as acks:
            sending = asyncio.create_task(self._send_all(orders))
            try:
                while not sending.done() or self._going:
                    await asyncio.sleep(LOOKS_EVERY)
                    if sending.done():
                        sending.result()
                    async for outcome in self._ended(acks):
                        yield outcome
                await sending
                for outcome in self._not_sent:
                    yield outcome
            finally:
                sending.cancel()

    async def follow(
        self, orders: Sequence[Order], report: Callable[[list[Outcome]], None], *, quiet: bool
    ) -> list[Outcome]:
        """Show how it goes, and report what is known at the end, also when it is broken off.

        Raises `NoAnswer`, before anything is sent, where a step has no consumer.
        """
        await self._see_consumers({order.step for order in orders})
        outcomes: list[Outcome] = []
        try:
            with Progress(console=errors, transient=True, disable=quiet) as progress:
                task = progress.add_task("succeeded or failed again", total=len(orders))
                async for outcome in self.run(orders):
                    outcomes.append(outcome)
                    progress.advance(task)
        finally:
            report([*outcomes, *self.going])
        return outcomes

    async def _see_consumers(self, wanted: set[str]) -> None:
        acks = Acks(self._stream)
        for step in sorted(wanted & steps().keys()):
            try:
                await acks.look(step)
            except NotFoundError:
                missing = f"the consumer {step} is missing: run `onramp streams apply`"
                raise NoAnswer(f"{missing}; nothing was sent") from None

    async def _send_all(self, orders: Sequence[Order]) -> None:
        left, pace = iter(orders), Pace(self._rate)
        await asyncio.gather(*(self._send_some(left, pace) for _ in range(AT_ONCE)))

    async def _send_some(self, left: Iterator[Order], pace: Pace) -> None:
        for order in left:
            await pace.wait()
            try:
                sent = await order.send()
                self._going[sent.sequence] = order, sent
            except InFlight as busy:
                self._not_sent.append(Outcome.of(order, "in flight", str(busy)))
            except Overtaken:
                reason = "another message to this step came first: try again"
                self._not_sent.append(Outcome.of(order, "in flight", reason))
            except Refuse as refusal:
                self._not_sent.append(Outcome.of(order, "not sent", refusal.reason))

    async def _ended(self, acks: Acks) -> AsyncIterator[Outcome]:
        for step in {order.step for order, _ in self._going.values()}:
            await acks.look(step)
        over = [sequence for sequence, (order, _) in self._going.items() if acks.have(order.step, sequence)]
        for sequence in over:
            outcome = await self._outcome(*self._going[sequence])
            del self._going[sequence]
            yield outcome

    async def _outcome(self, order: Order, sent: Sent) -> Outcome:
        """A renewed failure was written before its message was acknowledged."""
        address = parse(sent.subject)
        subject = dead_letter_subject(order.step, address.site, address.server, sent.sequence)
        renewed = await self._letters.last(subject, from_leader=True)
        if renewed is None:
            return Outcome.of(order, "succeeded")
        return Outcome.of(order, "failed again", DeadLetter.of(renewed).failure.reason, renewed.sequence)
