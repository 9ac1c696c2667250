"""kill -9 of each service before and after each of: read, each backend write, publish, PubAck, ack."""

from collections.abc import Mapping, Sequence
from itertools import count

from tests.chaos.figures import Figure, exactly, known, zero
from tests.chaos.orders import Order
from tests.chaos.points import all_points
from tests.chaos.session import Session
from tests.chaos.task import Task
from tests.chaos.yard import name_of, scan_of

AT_ONCE = 12
"""Servers that are onboarded together, each with a death of its own."""
SETTLED_WITHIN = 240.0
"""Seconds: a service that dies in all of them is started as often, one after the other."""
ROUNDS = 4
"""How often a point is tried with a new server when another's kill came in between."""


async def kill_points(task: Task) -> list[Figure]:
    """Every point in the full run, a third of them in a short one: which third, the seed says."""
    async with task.session() as session:
        await session.without_fault()
        points = all_points()
        # In no order: where one service dies many times on end, each start is waited for.
        points = session.random.sample(points, task.either(len(points) // 3, len(points)))
        return await killed_at(session, points)


async def killed_at(session: Session, points: Sequence[tuple[str, str]]) -> list[Figure]:
    """A server for each point: when it gets there, the service is killed."""
    numbers, in_time, left = count(), True, list(points)
    for _ in range(ROUNDS):
        missed = []
        for start in range(0, len(left), AT_ONCE):
            group = dict(zip(numbers, left[start : start + AT_ONCE], strict=False))
            unstruck, settled = await _killed_together(session, group)
            missed += unstruck
            in_time &= settled
        left = missed
    return [
        known("points", str(len(points))),
        known("kills", str(len(session.plant.supervisor.deaths))),
        exactly("points at which nothing was killed", [], left),
        zero(f"not settled within {SETTLED_WITHIN:.0f} s", int(not in_time)),
        *await session.figures(),
    ]


async def _killed_together(
    session: Session, group: Mapping[int, tuple[str, str]]
) -> tuple[list[tuple[str, str]], bool]:
    """The points that were not reached, since another's kill came in between; whether all settled in time."""
    orders = {
        point: Order(f"kill-{number}", *point, server=name_of(number)) for number, point in group.items()
    }
    session.plant.orders.give(orders.values())
    await session.scan(scan_of(number) for number in group)
    settled = await session.settled(SETTLED_WITHIN)
    return [point for point, order in orders.items() if not session.plant.orders.struck(order)], settled
