"""One fault's session: a plant, the scans that were sent to it, and what has come of them."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from uuid import UUID

import httpx

from events.ids import new_onboarding_id
from tests.chaos.figures import Figure, exactly, zero
from tests.chaos.holdings import Holdings
from tests.chaos.plant import Plant, Shape
from tests.chaos.record import Record, lost, out_of_order, twice, wrong_ends
from tests.chaos.yard import Scan, scan_of

TWIN = 1500
"""The number of the server that is scanned before any fault: the run that the others are compared with."""
LOOKS_EVERY = 0.2
AT_ONCE = 16


@dataclass(frozen=True)
class Sent:
    """A scan that intake acknowledged."""

    scan: Scan
    onboarding_id: UUID
    at: float


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
        limits = httpx.Limits(max_connections=AT_ONCE)
        async with httpx.AsyncClient(trust_env=False, timeout=10, limits=limits) as http:

            async def send(scan: Scan) -> Sent:
                async with gate:
                    return await self._send(http, scan, within)

            return list(await asyncio.gather(*(send(scan) for scan in scans)))

    async def _send(self, http: httpx.AsyncClient, scan: Scan, within: float) -> Sent:
        id = new_onboarding_id()
        body, began = {**scan, "onboarding_id": str(id)}, monotonic()
        answer = "nothing"
        while monotonic() < began + within:
            url = self.random.choice(self.plant.intakes)
            try:
                response = await http.post(f"{url}/api/v1/servers/register", json=body)
            except httpx.HTTPError as error:
                answer = type(error).__name__
            else:
                answer = f"{response.status_code} {response.text}"
                if response.status_code == httpx.codes.ACCEPTED:
                    sent = Sent(scan, id, monotonic())
                    self.sent.append(sent)
                    return sent
            await asyncio.sleep(LOOKS_EVERY)
        raise AssertionError(f"intake took {scan['device_name']} not within {within} s: {answer}")

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
        story = Counter(f"{stored.subject} {stored.onboarding_id}" for stored in self.record.messages)
        self._note("story", [f"{count} {text}" for text, count in story.items()])
        self._note("deaths", [f"{name} {code}" for name, code in self.plant.supervisor.deaths])
        sent = [sent.onboarding_id for sent in self.sent]
        return [
            zero("lost", lost(self.record, sent)),
            zero("other than without fault in a backend", len(differing)),
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
    while not await holds():
        if monotonic() > give_up_at:
            return False
        await asyncio.sleep(LOOKS_EVERY)
    return True


async def lasting(seconds: float) -> None:
    """For as long as a fault lasts."""
    await asyncio.sleep(seconds)
