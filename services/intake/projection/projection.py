"""Every server as its newest onboarding stands, up to one message of the stream."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from events.errors import Retry
from events.fold import advance
from events.status import ServerStatus
from events.stored import Stored
from events.subjects import parse
from intake.problems import NotCaughtUp
from intake.projection.groups import Groups
from intake.projection.page import Page, Wanted
from intake.projection.slim import Slim


@dataclass(frozen=True)
class Position:
    """A place in the stream: its incarnation (when it was made), and a sequence in it."""

    incarnation: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.incarnation}-{self.sequence}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read it back; what is no position is of an incarnation that never was."""
        incarnation, _, sequence = text.rpartition("-")
        return cls(incarnation, int(sequence)) if sequence.isdecimal() else cls("", 0)


class Onlookers(Protocol):
    """Who hears of what was taken."""

    def tell(self, incarnation: str, stored: Stored) -> None:
        """One more was."""

    def end(self) -> None:
        """What comes next does not follow on what was told."""


class Projection:
    """The servers. Takes every message once, in the stream's order."""

    def __init__(self, onlookers: Onlookers) -> None:
        self.onlookers = onlookers
        self._slim = Slim()
        self._taken = asyncio.Event()
        self.behind = "not read yet"
        """Why it is not up with the stream; empty when it is."""
        self.begin("")

    def begin(self, incarnation: str) -> None:
        """Nothing is known: the stream is another."""
        self.position = Position(incarnation, 0)
        self._servers: dict[str, ServerStatus] = {}
        self._onboardings: dict[int, str] = {}
        self._groups: Groups | None = None
        self.onlookers.end()

    def take(self, stored: Stored) -> None:
        """The next message."""
        self.position = Position(self.position.incarnation, stored.sequence)
        self._taken.set()
        name = parse(stored.subject).server
        before = self._servers.get(name)
        status = advance(before, stored)
        if status is not None and status is not before:
            status = self._slim(status)
            self._servers[name] = status
            self._onboardings.setdefault(status.onboarding_id.int, status.server)
            if self._groups is not None:
                self._groups.change(before, status)
        self.onlookers.tell(self.position.incarnation, stored)

    def forget(self, server: str, up_to: int) -> None:
        """Nothing of this server stands any more up to this message: it goes, unless more came since."""
        status = self._servers.get(server)
        if status is None or status.sequence > up_to:
            return
        del self._servers[server]
        self._onboardings = {id: name for id, name in self._onboardings.items() if name != server}
        if self._groups is not None:
            self._groups.remove(status)

    @property
    def complete(self) -> bool:
        """Whether all that stood when it began is in it."""
        return self._groups is not None

    def arrange(self) -> None:
        """All that stood is taken: lists can be asked for."""
        self._groups = Groups(self._servers)

    def page(self, wanted: Wanted) -> Page:
        """A part of a list. Raises `NotCaughtUp`."""
        return self._arranged.page(wanted)

    def server_of(self, onboarding_id: UUID) -> str | None:
        """The server that an onboarding, superseded or not, is of. Raises `NotCaughtUp`."""
        return self._onboardings.get(onboarding_id.int) if self._arranged else None

    @property
    def _arranged(self) -> Groups:
        if self._groups is None:
            raise NotCaughtUp(f"the stream is being read: {self.behind}")
        return self._groups

    async def reaches(self, sequence: int, within: float) -> None:
        """Wait until this message was taken, or so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self.position.sequence < sequence:
                    self._taken.clear()
                    await self._taken.wait()

    async def check(self) -> None:
        """For readiness. Raises `Retry` while it is not up with the stream."""
        if self.behind:
            raise Retry(self.behind)
