"""Which dead letters are meant: by id, or by what is said of them."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import typer

from events.dead_letters import DeadLetter
from events.store_errors import translated
from events.stream import Stream
from events.subjects import DEAD_LETTERS, event_of_any_site, parse
from events.types import ServerScanned
from onramp.cli.durations import Since
from onramp.cli.operating import replays_on

Ids = Annotated[list[int] | None, typer.Argument(metavar="ID", help="As `dead-letters list` shows.")]
Service = Annotated[str | None, typer.Option(help="Only what this service gave up.")]
Reason = Annotated[str | None, typer.Option(help="Only those whose reason contains this.")]
Site = Annotated[str | None, typer.Option(help="Only this site.")]


AT_ONCE = 500
"""Servers whose newest scan is asked for in one request; NATS answers for no more than 1024 subjects."""


@dataclass(frozen=True)
class Letter:
    """A dead letter, and whether a newer scan of its server stands, so that nothing would act on it."""

    letter: DeadLetter
    superseded: bool

    def row(self) -> Mapping[str, Any]:
        """For `--json`, without the message itself."""
        letter = self.letter
        return {
            "id": letter.id,
            "service": letter.service,
            "step": letter.step,
            "site": letter.site,
            "server": letter.server,
            "onboarding_id": letter.stored.onboarding_id or None,
            "reason": letter.failure.reason,
            "error_type": letter.failure.error_type,
            "culprit": letter.failure.culprit,
            "attempts": letter.attempts,
            "first_failure": letter.first_failure,
            "last_failure": letter.last_failure,
            "subject": letter.original_subject,
            "sequence": letter.original_sequence,
            "superseded": self.superseded,
        }


@dataclass(frozen=True)
class Selection:
    """What is empty or `None` lets every one through."""

    ids: Sequence[int] = ()
    service: str | None = None
    reason: str | None = None
    site: str | None = None
    since: Since = None
    superseded: bool = False

    @property
    def names_any(self) -> bool:
        """Whether anything was said at all."""
        return self != Selection()

    def lets_through(self, found: Letter) -> bool:
        """Whether it is one of them."""
        letter = found.letter
        return (
            (not self.ids or letter.id in self.ids)
            and self.service in (None, letter.service)
            and (self.reason or "").casefold() in letter.failure.reason.casefold()
            and self.site in (None, letter.site)
            and (self.since is None or _failed_at(letter) >= self.since)
            and (not self.superseded or found.superseded)
        )


@dataclass(frozen=True)
class PassedOver:
    """An id that was named, and why nothing is done with it."""

    id: int
    state: str
    """`gone`, or `left out` by a filter."""
    reason: str


async def selected(stream: Stream, which: Selection) -> list[Letter]:
    """The dead letters that are meant, the oldest first."""
    return [found async for found in _standing(stream) if which.lets_through(found)]


async def passed_over(stream: Stream, which: Selection, found: Sequence[Letter]) -> list[PassedOver]:
    """The ids that are named and not among those that were found."""
    letters = Stream(stream.client, DEAD_LETTERS)
    return [
        PassedOver(id, "left out", "it stands, and the other options leave it out")
        if await letters.at(id)
        else PassedOver(id, "gone", "it does not stand: it was replayed or discarded")
        for id in sorted({*which.ids} - {each.letter.id for each in found})
    ]


async def _standing(stream: Stream) -> AsyncIterator[Letter]:
    letters = [letter async for letter in replays_on(stream).standing()]
    newest = await _newest_scans(stream, letters)
    for letter in letters:
        yield Letter(letter, superseded=letter.superseded_by(newest.get(letter.server, 0)))


async def _newest_scans(stream: Stream, letters: Sequence[DeadLetter]) -> Mapping[str, int]:
    """Where the newest scan of a server stands, of those that were scanned more than once.

    The counts come in one answer; a server that this has no room for is looked at too.
    """
    every = event_of_any_site(ServerScanned.name, "*")
    async with translated():
        subjects = (await stream.jetstream._jsm.stream_info(stream.name, every)).state.subjects or {}
    counts = Counter[str]()
    for subject, count in subjects.items():
        counts[parse(subject).server] += count
    again = sorted({letter.server for letter in letters if counts[letter.server] != 1})
    newest: dict[str, int] = {}
    for start in range(0, len(again), AT_ONCE):
        scans = [event_of_any_site(ServerScanned.name, server) for server in again[start : start + AT_ONCE]]
        for scan in await stream.last_of_each(scans):
            server = parse(scan.subject).server
            newest[server] = max(newest.get(server, 0), scan.sequence)
    return newest


def _failed_at(letter: DeadLetter) -> datetime:
    return letter.last_failure or letter.stored.time
