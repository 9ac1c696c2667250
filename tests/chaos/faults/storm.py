"""Two replicas of every service, many servers, random kills for minutes."""

import asyncio
from time import monotonic

from tests.chaos.figures import Figure, known, zero
from tests.chaos.plant import Shape
from tests.chaos.session import Session, lasting
from tests.chaos.task import Task
from tests.chaos.yard import scan_of


async def random_kills(task: Task) -> list[Figure]:
    """Whom and when, the seed says."""
    async with task.session(Shape(replicas=2)) as session:
        await session.without_fault()
        count, lasts = task.either(40, 500), task.either(30, 240)
        killing = asyncio.create_task(_kill(session, lasts))
        await session.scan((scan_of(number) for number in range(count)), within=lasts + 120)
        kills = await killing
        in_time = await session.settled(240)
        return [
            known("servers, kills", f"{count}, {kills}"),
            zero("not settled within 240 s", int(not in_time)),
            *await session.figures(),
        ]


async def _kill(session: Session, lasts: float) -> int:
    """Kill a process every few seconds; how many."""
    ends_at, kills = monotonic() + lasts, 0
    while monotonic() < ends_at:
        await lasting(session.random.uniform(0.5, 4.0))
        victim = session.random.choice(sorted(session.plant.services))
        await session.plant.services[victim].kill()
        kills += 1
    return kills
