"""A backend that is down for a while: what needs it waits, the rest goes on, and everything completes."""

import asyncio
from time import monotonic

from tests.chaos.figures import Figure, known, seconds, zero
from tests.chaos.plant import Shape
from tests.chaos.record import event_of
from tests.chaos.session import Session, lasting
from tests.chaos.task import Task
from tests.chaos.yard import scan_of

BACKENDS = ("netbox", "openbao", "kea-a", "kubernetes")
STEP_BEFORE = {
    "netbox": "server-scanned",
    "openbao": "device-recorded",
    "kea-a": "credentials-stored",
    "kubernetes": "address-reserved",
}
"""The last event that a server comes to while this backend is down."""


async def backends_down(task: Task) -> list[Figure]:
    """Each backend in turn: down, scans, back."""
    figures = []
    async with task.session(Shape(proxied=BACKENDS)) as session:
        await session.without_fault()
        for turn, backend in enumerate(BACKENDS):
            number = turn * 10
            await session.plant.proxies[backend].refuse()
            sent = await session.scan(scan_of(number + offset) for offset in range(10))
            await lasting(task.either(4, 30))
            await session.record.update()
            beyond = _beyond(session, STEP_BEFORE[backend], {str(one.onboarding_id) for one in sent})
            await session.plant.proxies[backend].start()
            began = monotonic()
            in_time = await session.settled(120)
            figures.append(zero(f"{backend}: went past it while it was down", beyond))
            figures.append(known(f"{backend}: all through after", f"{monotonic() - began:.1f} s"))
            figures.append(zero(f"{backend}: not settled within 120 s", int(not in_time)))
        return [*figures, *await session.figures()]


async def one_dead_kea(task: Task) -> list[Figure]:
    """Many servers wait for one dead Kea, while others need only the living one's site."""
    waiting, others = task.either(100, 1000), task.either(20, 100)
    prefixes = {"kea-a": ["10.20.0.0/16"], "kea-b": ["10.30.0.0/16"]}
    async with task.session(Shape(proxied=["kea-a"], kea_prefixes=prefixes)) as session:
        usual = await _times(session, range(1600, 1600 + others))
        await session.plant.proxies["kea-a"].refuse()
        await session.scan((scan_of(number) for number in range(waiting)), within=600)
        await _all_wait(session, waiting)
        meanwhile = await _times(session, range(1300, 1300 + others))
        await session.plant.proxies["kea-a"].start()
        in_time = await session.settled(waiting / 10 + 120)
        return [
            known("servers that waited", str(waiting)),
            known("p99 of the others, usually", f"{usual:.1f} s"),
            seconds("p99 of the others, meanwhile", meanwhile, at_most=max(2 * usual, 1.0)),
            zero("not settled in time", int(not in_time)),
            *(figure for figure in await session.figures() if "backend" not in figure.name),
        ]


async def _times(session: Session, numbers: range) -> float:
    """Onboard these at the other site; the p99 of the seconds from scan to ready, by the stream's clock."""
    scans = [scan_of(number, bmc_ip=f"10.30.{number // 250}.{number % 250 + 1}") for number in numbers]
    sent = await session.scan(scans, within=300)
    ids = {str(one.onboarding_id) for one in sent}
    await asyncio.wait_for(_ended(session, ids), 600)
    spans = []
    for id, told in session.record.by_onboarding().items():
        if id in ids:
            spans.append((told[-1].time - told[0].time).total_seconds())
    spans.sort()
    return spans[min(int(len(spans) * 0.99), len(spans) - 1)]


async def _ended(session: Session, ids: set[str]) -> None:
    while True:
        await session.record.update()
        ended = {s.onboarding_id for s in session.record.messages if event_of(s) == "server-ready"}
        if ids <= ended:
            return
        await asyncio.sleep(0.3)


async def _all_wait(session: Session, count: int) -> None:
    """Until each of them has come to the step that waits."""
    while True:
        await session.record.update()
        told = [event_of(stored) for stored in session.record.messages]
        if told.count("credentials-stored") - told.count("address-reserved") >= count:
            return
        await asyncio.sleep(0.3)


def _beyond(session: Session, last: str, ids: set[str]) -> int:
    """How many of these onboardings have told more than `last`."""
    told = session.record.by_onboarding()
    return sum(any(event_of(stored) == _NEXT[last] for stored in told[id]) for id in ids)


_NEXT = {
    "server-scanned": "device-recorded",
    "device-recorded": "credentials-stored",
    "credentials-stored": "address-reserved",
    "address-reserved": "host-enrolled",
}
