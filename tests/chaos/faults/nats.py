"""NATS itself: killed under load, unreachable for a while, its leader killed over and over."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from time import monotonic

from tests.chaos.figures import Figure, exactly, known, seconds, zero
from tests.chaos.plant import Shape
from tests.chaos.points import PUBLISHES
from tests.chaos.recovery import flowing, until_it_flows
from tests.chaos.session import Session, eventually, lasting
from tests.chaos.task import Task
from tests.chaos.yard import Scan, scan_of


async def nats_killed(task: Task) -> list[Figure]:
    """kill -9 of nats-server under load, several times."""
    async with task.session() as session:
        await session.without_fault()
        return await nats_killed_under(session, range(task.either(40, 200)), times=task.either(2, 5))


async def nats_killed_under(session: Session, numbers: range, times: int) -> list[Figure]:
    """Each time while a part of these servers is on its way; its rest is sent while NATS is dead."""
    each = len(numbers) // times
    recoveries = []
    for turn in range(times):
        part = numbers[turn * each : (turn + 1) * each]
        sending = [asyncio.create_task(_scan(session, part[: each // 2]))]
        await _some_more_acknowledged(session, each // 4)
        await session.plant.nats.kill()
        killed_at = datetime.now(UTC)
        sending.append(asyncio.create_task(_scan(session, part[each // 2 :])))
        await session.plant.nats.start()
        recoveries.append(await until_it_flows(session.record, killed_at))
        await asyncio.gather(*sending)
    in_time = await session.settled(180)
    slowest = {service: max(recovery[service] for recovery in recoveries) for service in PUBLISHES}
    return [
        flowing("until the chain flows again", slowest),
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


async def _leader(session: Session) -> int | None:
    """The index of the node that leads ONBOARDING, where one does."""
    name = await session.record.leader()
    return int(name.rpartition("-")[2]) - 1 if name else None


async def _some_more_acknowledged(session: Session, count: int) -> None:
    wanted = len(session.sent) + count

    async def are() -> bool:
        return len(session.sent) >= wanted

    await eventually(are, 60)


async def _scan(session: Session, numbers: range) -> None:
    await session.scan(map(scan_of, numbers), within=180)


def _scans(count: int, start: int = 0) -> Iterable[Scan]:
    return [scan_of(number) for number in range(start, start + count)]
