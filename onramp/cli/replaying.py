"""Dead letters sent to their steps again, at a rate, each followed until it has succeeded or failed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from time import monotonic

from events.dead_letters import DeadLetter
from events.replays import InFlight, Replays, Sent
from events.store_errors import Overtaken
from events.stream import Stream
from events.subjects import DEAD_LETTERS, dead_letter_subject

LOOKS_EVERY = 0.3
"""Seconds between two looks at those that are on their way."""


@dataclass(frozen=True)
class Outcome:
    """What became of one dead letter's replay."""

    id: int
    server: str
    step: str
    state: str
    """`succeeded`, `failed again`, or `in flight`: somebody else's replay of it is on its way."""
    reason: str = ""
    dead_letter: int | None = None
    """The new one, where it failed again."""


class Pace:
    """Lets so many a second through, evenly."""

    def __init__(self, rate: float) -> None:
        """`rate`: how many a second."""
        self._gap = 1 / rate
        self._next_at = 0.0

    async def wait(self) -> None:
        """Until it is the next one's turn."""
        now = monotonic()
        await asyncio.sleep(max(0.0, self._next_at - now))
        self._next_at = max(self._next_at, now) + self._gap


class Replaying:
    """The replays that one operator sends."""

    def __init__(self, stream: Stream, replays: Replays, why: str, rate: float) -> None:
        self._letters = Stream(stream.client, DEAD_LETTERS)
        self._replays = replays
        self._why = why
        self._pace = Pace(rate)
        self._going: dict[int, tuple[DeadLetter, Sent]] = {}
        self._not_sent: list[Outcome] = []

    @property
    def going(self) -> int:
        """How many are on their way."""
        return len(self._going)

    async def run(self, letters: Sequence[DeadLetter]) -> AsyncIterator[Outcome]:
        """Each one's outcome, as they come. Raises `Away`; what was sent stays sent."""
        sending = asyncio.create_task(self._send_all(letters))
        try:
            over = False
            while not over:
                over = sending.done()
                for outcome in await self._ended():
                    yield outcome
                over = over and not self._going
                if not over:
                    await asyncio.sleep(LOOKS_EVERY)
            await sending
        finally:
            sending.cancel()

    async def _send_all(self, letters: Sequence[DeadLetter]) -> None:
        for letter in letters:
            await self._pace.wait()
            try:
                self._going[letter.id] = letter, await self._replays.replay(letter, self._why)
            except (InFlight, Overtaken) as busy:
                reason = (
                    str(busy) if isinstance(busy, InFlight) else "another message to this step came first"
                )
                self._not_sent.append(Outcome(letter.id, letter.server, letter.step, "in flight", reason))

    async def _ended(self) -> list[Outcome]:
        ended, self._not_sent = self._not_sent, []
        for letter, sent in list(self._going.values()):
            if await self._letters.at(letter.id) is None:
                del self._going[letter.id]
                ended.append(await self._outcome(letter, sent))
        return ended

    async def _outcome(self, letter: DeadLetter, sent: Sent) -> Outcome:
        """Its dead letter has gone; a renewed failure was written before that."""
        subject = dead_letter_subject(letter.step, letter.site, letter.server, sent.sequence)
        renewed = await self._letters.last(subject, from_leader=True)
        if renewed is None:
            return Outcome(letter.id, letter.server, letter.step, "succeeded")
        reason = DeadLetter.of(renewed).failure.reason
        return Outcome(letter.id, letter.server, letter.step, "failed again", reason, renewed.sequence)
