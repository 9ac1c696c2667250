"""NATS itself: killed under load, unreachable for a while, its leader killed over and over, its disk full."""

import asyncio
from collections.abc import Iterable
from time import monotonic

from tests.chaos.figures import Figure, exactly, known, seconds, zero
from tests.chaos.nodes import widen
from tests.chaos.plant import Shape
from tests.chaos.session import Session, eventually, lasting
from tests.chaos.task import Task
from tests.chaos.yard import Scan, scan_of

FULL_AT = "1MB"


async def nats_killed(task: Task) -> list[Figure]:
    """kill -9 of nats-server under load, several times."""
    async with task.session() as session:
        await session.without_fault()
        return await nats_killed_under(session, range(task.either(40, 200)), times=task.either(2, 5))


async def nats_killed_under(session: Session, numbers: range, times: int) -> list[Figure]:
    """While these servers are scanned."""
    sending = asyncio.create_task(session.scan(map(scan_of, numbers), within=180))
    recoveries = []
    for _ in range(times):
        await _some_more_acknowledged(session, len(numbers) // (times + 2))
        await session.plant.nats.kill()
        await session.plant.nats.start()
        recoveries.append(await _until_it_flows(session))
    await sending
    in_time = await session.settled(180)
    return [
        seconds("until the chain flows again", max(recoveries), at_most=20),
        zero("not settled within 180 s", int(not in_time)),
        *await session.figures(),
    ]


async def nats_away(task: Task) -> list[Figure]:
    """NATS unreachable: a network that forwards nothing. No service needs a restart."""
    figures = []
    async with task.session(Shape(proxied=["nats"])) as session:
        await session.without_fault()
        number = 0
        for away in (5.0,) if task.short else (5.0, 180.0):
            sending = asyncio.create_task(session.scan(_scans(20, number), within=away + 120))
            number += 20
            await _some_more_acknowledged(session, 4)
            session.plant.proxies["nats"].stall()
            await lasting(away)
            session.plant.proxies["nats"].flow()
            back_at = monotonic()
            await sending
            in_time = await session.settled(180)
            figures.append(seconds(f"recovered after {away:.0f} s", monotonic() - back_at, at_most=60))
            figures.append(zero("not settled within 180 s", int(not in_time)))
        deaths = session.plant.supervisor.deaths
        return [*figures, exactly("restarts", [], deaths), *await session.figures()]


async def leader_killed(task: Task) -> list[Figure]:
    """Three nodes, every stream three times, and the leader of ONBOARDING killed every few seconds."""
    async with task.session(Shape(nats_nodes=3)) as session:
        await session.without_fault()
        sending = asyncio.create_task(session.scan(_scans(task.either(40, 200)), within=300))
        killed = 0
        ends_at = monotonic() + task.either(20, 120)
        while monotonic() < ends_at:
            leader = await _leader(session)
            if leader is not None:
                node = list(session.plant.nodes.values())[leader]
                await node.kill()
                killed += 1
                await lasting(1.0)
                await node.start()
            await lasting(3.0)
        await sending
        in_time = await session.settled(240)
        return [
            known("leaders killed", str(killed)),
            zero("not settled within 240 s", int(not in_time)),
            *await session.figures(),
        ]


async def disk_full(task: Task) -> list[Figure]:
    """JetStream may keep no more: intake says 503, readiness is red; with more room all goes on."""
    async with task.session(Shape(max_file_store=FULL_AT)) as session:
        await session.without_fault()
        refused = await _until_refused(session)

        async def is_red() -> bool:
            return "has no room" in await session.ready_red("intake")

        red = await eventually(is_red, 10)
        await session.plant.nats.kill()
        widen(session.plant.nats)
        await session.plant.nats.start()
        in_time = await session.settled(300)
        return [
            exactly("intake answers 503", True, ": 503" in refused),
            exactly("intake's readiness names it within 10 s", True, red),
            known("acknowledged before", str(len(session.sent))),
            zero("not settled within 300 s of more room", int(not in_time)),
            *await session.figures(),
        ]


async def _until_refused(session: Session) -> str:
    """Scan until intake takes no more; its last answer."""
    for number in range(1000):
        try:
            await session.scan([scan_of(number)], within=3)
        except AssertionError as refused:
            return str(refused)
    return "it never refused"


async def _leader(session: Session) -> int | None:
    """The index of the node that leads ONBOARDING, where one does."""
    name = await session.record.leader()
    return int(name.rpartition("-")[2]) - 1 if name else None


async def _some_more_acknowledged(session: Session, count: int) -> None:
    wanted = len(session.sent) + count

    async def are() -> bool:
        return len(session.sent) >= wanted

    await eventually(are, 60)


async def _until_it_flows(session: Session) -> float:
    """Seconds until the next event of a step is stored."""
    began, before = monotonic(), 0

    async def flows() -> bool:
        nonlocal before
        await session.record.update()
        steps = sum(
            not stored.subject.startswith("onboarding.server-scanned") for stored in session.record.messages
        )
        before = before or steps
        return steps > before

    await eventually(flows, 60)
    return monotonic() - began


def _scans(count: int, start: int = 0) -> Iterable[Scan]:
    return [scan_of(number) for number in range(start, start + count)]
