"""How every server and every onboarding stands, folded from the stream as it grows."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from events.fold import advance
from events.following import followed
from events.status import ServerStatus, StepState
from events.stored import Stored
from events.stream import Stream
from events.subjects import parse


@dataclass
class Seen:
    """One onboarding as it was seen last, and the reasons of its delays."""

    status: ServerStatus
    delays: list[str] = field(default_factory=list)


@dataclass
class Board:
    """Follows the stream; `changed` is set with each event."""

    servers: dict[str, ServerStatus] = field(default_factory=dict)
    onboardings: dict[UUID, Seen] = field(default_factory=dict)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def follow(self, stream: Stream) -> None:
        """Until cancelled, or the connection is closed."""
        async for stored in followed(stream, "onboarding.*.*.*"):
            if stored is None:
                continue
            self.take(stored)
            async with self.changed:
                self.changed.notify_all()

    def take(self, stored: Stored) -> None:
        """Fold one message in."""
        server = parse(stored.subject).server
        status = advance(self.servers.get(server), stored)
        if status is None or status is self.servers.get(server):
            return
        self.servers[server] = status
        seen = self.onboardings.setdefault(status.onboarding_id, Seen(status))
        seen.status = status
        seen.delays += [step.reason for step in status.steps if step.state is StepState.DELAYED]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of what is seen."""
        async with self.changed:
            await self.changed.wait_for(holds)
