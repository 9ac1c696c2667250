"""What the stream says: every message of ONBOARDING, read as it grows, and the figures in it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import nats.errors

from events.errors import Refuse
from events.steps import steps
from events.store_errors import StoreError
from events.stored import Stored
from events.stream import Stream
from events.types import ENDS, ServerScanned, StepDelayed, StepFailed
from onramp.cli.connection import NotConnected, connected

END_NAMES = frozenset(end.name for end in ENDS)
BESIDE = frozenset({StepDelayed.name, StepFailed.name, "replay"})
"""What stands beside the chain."""
ORDER = (
    "server-scanned",
    "device-recorded",
    "credentials-stored",
    "address-reserved",
    "host-enrolled",
    "server-ready",
)


@dataclass
class Record:
    """The messages so far."""

    environment: Mapping[str, str]
    messages: list[Stored] = field(default_factory=list)
    idle: bool = False
    """Whether no step had anything left to do when it was last looked."""

    async def update(self) -> None:
        """Read what is new. What NATS can't answer now is read the next time."""
        self.idle = False
        with suppress(NotConnected, StoreError, nats.errors.Error, OSError):
            async with connected(self.environment) as stream:
                start = self.messages[-1].sequence + 1 if self.messages else 1
                async for stored in stream.read(start=start):
                    self.messages.append(stored)
                self.idle = await _idle(stream)

    def forget(self, sequences: Iterable[int]) -> None:
        """Leave out what the harness itself stored, once all is read."""
        ours = set(sequences)
        self.messages = [stored for stored in self.messages if stored.sequence not in ours]

    async def leader(self) -> str | None:
        """The node that leads ONBOARDING; `None` while none does, or nobody can be asked."""
        with suppress(NotConnected, StoreError, nats.errors.Error, OSError):
            async with connected(self.environment) as stream:
                info = await stream.jetstream._jsm.stream_info(stream.name)
                return info.cluster.leader if info.cluster else None
        return None

    def by_onboarding(self) -> dict[str, list[Stored]]:
        """The chain's events and ends of each onboarding, in the stream's order."""
        found: dict[str, list[Stored]] = defaultdict(list)
        for stored in self.messages:
            if event_of(stored) not in BESIDE:
                found[stored.onboarding_id].append(stored)
        return found

    def superseded(self) -> set[str]:
        """The onboardings that a newer scan of their server overtook."""
        newest = {stored.subject.split(".")[-1]: stored.onboarding_id for stored in self._scans()}
        standing = set(newest.values())
        return {stored.onboarding_id for stored in self._scans() if stored.onboarding_id not in standing}

    def failed(self) -> set[str]:
        """The onboardings of which a step gave up."""
        return {stored.onboarding_id for stored in self.messages if event_of(stored) == StepFailed.name}

    def unsettled(self, onboardings: Iterable[UUID]) -> set[str]:
        """Those that have neither ended nor been overtaken nor failed."""
        ended = {stored.onboarding_id for stored in self.messages if event_of(stored) in END_NAMES}
        return {str(id) for id in onboardings} - ended - self.superseded() - self.failed()

    def _scans(self) -> list[Stored]:
        return [stored for stored in self.messages if event_of(stored) == ServerScanned.name]


def event_of(stored: Stored) -> str:
    """The event's name, or `replay`."""
    return stored.subject.split(".")[1]


def lost(record: Record, onboardings: Iterable[UUID]) -> int:
    """How many of those that were acknowledged have come to no end."""
    return len(record.unsettled(onboardings) | (record.failed() & {str(id) for id in onboardings}))


def twice(record: Record) -> int:
    """How many follow-ons tell an onboarding's same fact a second time."""
    counted = Counter(
        (id, event_of(stored), _content(stored))
        for id, all in record.by_onboarding().items()
        for stored in all
    )
    return sum(count - 1 for count in counted.values())


def wrong_ends(record: Record, onboardings: Iterable[UUID]) -> int:
    """How many have not exactly one end; of one that was overtaken that is the newer scan."""
    superseded, told, wrong = record.superseded(), record.by_onboarding(), 0
    for id in map(str, onboardings):
        ends = sum(event_of(stored) in END_NAMES for stored in told[id])
        wrong += ends > 1 if id in superseded else ends != 1
    return wrong


def out_of_order(record: Record) -> int:
    """How many onboardings told a step before the one that it follows."""
    wrong = 0
    for messages in record.by_onboarding().values():
        first: dict[str, int] = {}
        for stored in messages:
            first.setdefault(event_of(stored), stored.sequence)
        sequences = [first[name] for name in ORDER if name in first]
        wrong += sequences != sorted(sequences)
    return wrong


def _content(stored: Stored) -> str:
    with suppress(Refuse):
        return repr(stored.decoded().event.content())
    return repr(stored.data)


async def _idle(stream: Stream) -> bool:
    for step in steps():
        info = await stream.jetstream._jsm.consumer_info(stream.name, step)
        if info.num_pending or info.num_ack_pending:
            return False
    return True
