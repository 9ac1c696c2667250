"""One fault's session: a plant, the scans that were sent to it, and what has come of them."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from time import monotonic

import httpx

from events.ids import new_onboarding_id
from tests.chaos.figures import Figure, exactly, zero
from tests.chaos.holdings import Holdings
from tests.chaos.phones import AT_ONCE, Sent, phones, register
from tests.chaos.plant import Plant, Shape
from tests.chaos.record import Record, lost, out_of_order, twice, wrong_ends
from tests.chaos.yard import Scan, scan_of

TWIN = 12_000
"""The number of the server that is scanned before any fault: the run that the others are compared with."""
LOOKS_EVERY, LOOKS_AT_LEAST_EVERY = 0.2, 2.0
LOOKS_COST = 5
"""Looking takes at most one part in so many of the time: a long record takes long to look through."""


class Session:
    """What a fault works with."""

    def __init__(self, plant: Plant, seed: int) -> None:
        self.plant = plant
        self.random = random.Random(seed)
        self.record = Record(plant.environment("operator"))
        self.sent: list[Sent] = []
        """In the order in which they were acknowledged."""
        self.twin = ""
        self._holdings = Holdings(plant.backends, plant.at)
        self._versions = True

    async def without_fault(self, scans: Iterable[Scan] | None = None) -> None:
        """Onboard the twin. With several scans of it, one after the other, secrets' versions don't count."""
        twin = list(scans) if scans else [scan_of(TWIN)]
        self._versions = len(twin) == 1
        for scan in twin:
            await self.scan([scan])
            await self.settled(60)
        held = await self._holdings.of([twin[-1]], versions=self._versions)
        self.twin = held[twin[-1]["device_name"]]

    async def scan(self, scans: Iterable[Scan], within: float = 120) -> list[Sent]:
        """Send each until it is acknowledged, several at a time: as a phone does, with an id of its own."""
        gate = asyncio.Semaphore(AT_ONCE)
        async with phones() as http:

            async def send(scan: Scan) -> Sent:
                async with gate:
                    sent = Sent(scan, new_onboarding_id())
                    await register(http, self._intake, sent, within)
                    self.sent.append(sent)
                    return sent

            return list(await asyncio.gather(*(send(scan) for scan in scans)))

    async def scan_again(self, sent: Iterable[Sent], within: float = 120) -> None:
        """Send the same registrations once more, as a phone does that has heard no answer."""
        async with phones() as http:
            await asyncio.gather(*(register(http, self._intake, one, within) for one in sent))

    def _intake(self) -> str:
        return self.random.choice(self.plant.intakes)

    async def settled(self, within: float) -> bool:
        """Wait until all that was sent has ended and no step has anything left to do."""

        async def is_settled() -> bool:
            await self.record.update()
            quiet = self.record.idle and self.plant.supervisor.at_rest
            return quiet and not self.record.unsettled(sent.onboarding_id for sent in self.sent)

        return await eventually(is_settled, within)

    async def ready_red(self, service: str) -> str:
        """The red checks of a service's readiness, with their reasons; empty while all are green."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
            try:
                checks = (await http.get(f"{self.plant.urls[service]}/readyz")).json()["checks"]
            except (httpx.HTTPError, ValueError, KeyError) as error:
                return f"readyz: {type(error).__name__}"
        return "; ".join(f"{name}: {one['reason']}" for name, one in checks.items() if not one["ready"])

    async def differing(self) -> dict[str, str]:
        """The servers of which some backend holds anything else than the twin's newest scan would give."""
        newest = {sent.scan["device_name"]: sent.scan for sent in self.sent}
        held = await self._holdings.of(newest.values(), versions=self._versions)
        return {name: text for name, text in held.items() if text != self.twin}

    async def figures(self) -> list[Figure]:
        """Those that every fault has. What is wrong is written into the plant's folder."""
        differing = await self.differing()
        self._note("differing", [f"twin {self.twin}", *(f"{k} {v}" for k, v in differing.items())])
        return [zero("other than without fault in a backend", len(differing)), *self.told()]

    def told(self) -> list[Figure]:
        """Those that the stream tells, whatever the backends hold."""
        story = Counter(f"{stored.subject} {stored.onboarding_id}" for stored in self.record.messages)
        self._note("story", [f"{count} {text}" for text, count in story.items()])
        self._note("deaths", [f"{name} {code}" for name, code in self.plant.supervisor.deaths])
        sent = [sent.onboarding_id for sent in self.sent]
        return [
            zero("lost", lost(self.record, sent)),
            zero("follow-ons published twice", twice(self.record)),
            zero("onboardings without exactly one end", wrong_ends(self.record, sent)),
            zero("onboardings out of order", out_of_order(self.record)),
            exactly("processes that ended unkilled", [], self.plant.supervisor.died_oddly()),
        ]

    def _note(self, name: str, lines: list[str]) -> None:
        (self.plant.folder / f"{name}.txt").write_text("\n".join(lines))


@asynccontextmanager
async def session(folder: Path, seed: int, shape: Shape | None = None) -> AsyncIterator[Session]:
    """A plant that runs, and ends with this."""
    plant = await Plant(folder, shape).start()
    try:
        yield Session(plant, seed)
    finally:
        await plant.stop()


async def eventually(holds: Callable[[], Awaitable[bool]], within: float) -> bool:
    """Look again and again until it holds; whether it came to hold in time."""
    give_up_at = monotonic() + within
    while True:
        began = monotonic()
        if await holds():
            return True
        if monotonic() > give_up_at:
            return False
        pause = (monotonic() - began) * (LOOKS_COST - 1)
        await asyncio.sleep(min(max(LOOKS_EVERY, pause), LOOKS_AT_LEAST_EVERY))


async def lasting(seconds: float) -> None:
    """For as long as a fault lasts."""
    await asyncio.sleep(seconds)
