"""Where every server stands: the fold of what the stream holds now."""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from events.fold import SILENT, fold
from events.following import standing
from events.status import ServerStatus, State, StepState
from events.steps import steps
from events.stored import Stored
from events.stream import Stream
from events.subjects import event_of_any_site, parse
from events.types import ServerScanned

PASSED = frozenset({StepState.DONE, StepState.SKIPPED})


@dataclass(frozen=True)
class Server:
    """One server: how it stands, and the last of each of its events."""

    status: ServerStatus
    events: dict[str, Stored] = field(repr=False)
    """By event name; only those of its newest onboarding."""

    def passed(self, step: str) -> bool:
        """Whether the newest scan has come through a step. Of a silent one nothing but its input is known."""
        if step in SILENT:
            return steps()[step].waits_for in self.events
        found = self.status.step(step)
        return found is not None and found.state in PASSED

    @property
    def waiting_since(self) -> datetime | None:
        """Since when its step has had its turn, by NATS's clock; `None` once its onboarding has ended."""
        if self.status.ended:
            return None
        passed = [step.since for step in self.status.steps if step.since and step.state in PASSED]
        return max([self.events[ServerScanned.name].time, *passed])

    @property
    def waits_for(self) -> timedelta:
        """For how long that is; no time at all once its onboarding has ended."""
        since = self.waiting_since
        return datetime.now(UTC) - since if since else timedelta()


@dataclass(frozen=True)
class Filter:
    """Which servers are meant; what is empty or `None` lets every one through."""

    sites: Collection[str] = ()
    servers: Collection[str] = ()
    states: Collection[State] = ()
    steps: Collection[str] = ()

    def lets_through(self, status: ServerStatus) -> bool:
        """Whether it is one of them."""
        return (
            status.site in (self.sites or {status.site})
            and status.server in (self.servers or {status.server})
            and status.state in (self.states or {status.state})
            and (not self.steps or status.at in self.steps)
        )


async def every_server(stream: Stream) -> AsyncIterator[Server]:
    """Every server of which a scan stands, by name."""
    messages: dict[str, list[Stored]] = {}
    async for stored in standing(stream, "onboarding.*.*.*"):
        messages.setdefault(parse(stored.subject).server, []).append(stored)
    for name in sorted(messages):
        if server := _server(messages[name]):
            yield server


async def one_server(stream: Stream, name: str) -> Server | None:
    """One server, by its name."""
    return _server(await stream.last_of_each([event_of_any_site("*", name)]))


def _server(messages: list[Stored]) -> Server | None:
    status = fold(messages)
    if status is None:
        return None
    own = [stored for stored in messages if stored.onboarding_id == str(status.onboarding_id)]
    own.sort(key=lambda stored: stored.sequence)
    return Server(status, {str(parse(stored.subject).event): stored for stored in own})
