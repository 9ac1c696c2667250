"""How the servers of one import stand, folded from the stream: any replica can tell it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from events.errors import Refuse
from events.fold import advance
from events.status import ServerStatus, StepStatus
from events.stored import Stored
from events.subjects import parse
from events.types import ServerScanned

SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A server of the import went a step on."""

    index: Annotated[int, Field(description="The record's place in the file, from 0.")]
    server: str
    onboarding_id: UUID
    event: str
    state: Annotated[str, Field(description="As in its status, or `superseded` by a newer scan.")]
    reason: str
    steps: Annotated[tuple[StepStatus, ...], Field(description="Those that this event changed.")] = ()
    sequence: Annotated[int, Field(description="The event's place in the stream.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A server whose onboarding has not ended: a step failed, and waits for an operator."""

    index: int
    server: str
    onboarding_id: UUID
    state: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Every server of the import has settled."""

    done: Literal[True] = True
    not_ended: tuple[Open, ...]


class Progress:
    """The servers of an import that were seen. Of those whose onboarding ended, nothing more is kept."""

    def __init__(self, import_id: UUID) -> None:
        self._import_id = import_id
        self._open: dict[str, tuple[int, ServerStatus]] = {}
        self._unsettled: set[str] = set()
        self._awaited: set[int] = set()
        self.seen: set[int] = set()
        """Their records' places."""

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen by itself to any that is known of."""
        return not self._unsettled and not self._awaited

    def expect(self, index: int) -> None:
        """The scan of this record is stored, and will be seen if it was not."""
        if index not in self.seen:
            self._awaited.add(index)

    def done(self) -> Done:
        """What is left to do."""
        return Done(not_ended=tuple(sorted(self._left(), key=lambda left: left.index)))

    def take(self, stored: Stored) -> Step | None:
        """What an event means for a server of the import, if anything."""
        server = parse(stored.subject).server
        if parse(stored.subject).event == ServerScanned.name:
            return self._scanned(server, stored)
        if server not in self._open:
            return None
        index, before = self._open[server]
        return self._told(index, before, advance(before, stored), stored)

    def join(self, index: int, status: ServerStatus | None) -> None:
        """Follow a server whose scan came with another request; `None` when a newer one stands."""
        if status:
            self._keep(index, status)

    def _scanned(self, server: str, stored: Stored) -> Step | None:
        if (index := self._index(stored)) is not None:
            self.seen.add(index)
            self._awaited.discard(index)
            return self._told(index, None, advance(None, stored), stored)
        if server not in self._open or self._open[server][1].sequence >= stored.sequence:
            return None
        index, status = self._open.pop(server)
        self._unsettled.discard(server)
        return Step(
            index=index,
            server=server,
            onboarding_id=status.onboarding_id,
            event=ServerScanned.name,
            state=SUPERSEDED,
            reason=f"superseded by onboarding {stored.onboarding_id}",
            sequence=stored.sequence,
        )

    def _index(self, stored: Stored) -> int | None:
        """The record that a scan came from, if it came with this import."""
        if str(self._import_id).encode() not in stored.data:
            return None
        try:
            scan = stored.decoded().event
        except Refuse:
            return None
        ours = isinstance(scan, ServerScanned) and scan.import_id == self._import_id
        return scan.import_index if ours and isinstance(scan, ServerScanned) else None

    def _told(
        self, index: int, before: ServerStatus | None, after: ServerStatus | None, stored: Stored
    ) -> Step | None:
        if after is None or after is before:
            return None
        self._keep(index, after)
        return Step(
            index=index,
            server=after.server,
            onboarding_id=after.onboarding_id,
            event=parse(stored.subject).event or "",
            state=after.state.value,
            reason=after.reason,
            steps=tuple(step for step in after.steps if before and step != before.step(step.step)),
            sequence=stored.sequence,
        )

    def _keep(self, index: int, status: ServerStatus) -> None:
        if status.ended:
            self._open.pop(status.server, None)
        else:
            self._open[status.server] = index, status
        if status.settled:
            self._unsettled.discard(status.server)
        else:
            self._unsettled.add(status.server)

    def _left(self) -> Iterator[Open]:
        for index, status in self._open.values():
            yield Open(
                index=index,
                server=status.server,
                onboarding_id=status.onboarding_id,
                state=status.state.value,
                reason=status.reason,
            )
