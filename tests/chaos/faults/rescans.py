"""A newer scan while the older one is at any step: the newest wins in every backend."""

import asyncio
import signal
from collections.abc import Sequence

from tests.chaos.figures import Figure, known, zero
from tests.chaos.orders import Order
from tests.chaos.plant import ACK_WAIT, Shape
from tests.chaos.points import all_points
from tests.chaos.session import TWIN, Session, eventually, lasting
from tests.chaos.task import Task
from tests.chaos.yard import Scan, mac_of, name_of, scan_of

ALIKE = 300
"""Numbers apart: what a server changes to by a re-scan, so that no two change to the same."""
NEW_BOARD = 1


def rescan_of(number: int) -> Scan:
    """The same server with another password and address, and another position or, every second, another BMC.

    Not both at once: nobody could tell then that it is the same server, so that is refused.
    """
    free = scan_of(number + ALIKE)
    moved = {"rack": free["rack"], "position": free["position"]}
    other = {"bmc_mac": mac_of(number, NEW_BOARD)} if number % 2 else moved
    return scan_of(number, bmc_password=f"newer-{number}", bmc_ip=free["bmc_ip"], **other)


async def rescans(task: Task) -> list[Figure]:
    """Two replicas; the one that has the older scan in hand is stopped past its ack wait, then let go."""
    points = [point for point in all_points() if point[0] != "intake" and not point[1].startswith("sent")]
    async with task.session(Shape(replicas=2)) as session:
        await session.without_fault([scan_of(TWIN), rescan_of(TWIN)])
        if task.short:
            points = session.random.sample(points, len(points) // 5)
        return await overtaken_at(session, points, at_once=6)


async def overtaken_at(session: Session, points: Sequence[tuple[str, str]], at_once: int) -> list[Figure]:
    """At each point of a first scan its process is stopped; the second scan comes; then it goes on."""
    orders = [
        Order(f"stop-{number}", service, point, name_of(number), do="stop")
        for number, (service, point) in enumerate(points)
    ]
    session.plant.orders.give(orders)
    in_time = True
    for start in range(0, len(points), at_once):
        group = range(start, min(start + at_once, len(points)))
        await session.scan(scan_of(number) for number in group)
        await _struck_or_through(session, [orders[number] for number in group])
        await session.scan(rescan_of(number) for number in group)
        await lasting(ACK_WAIT * 2)
        _let_go(session)
        in_time &= await _settled_while_letting_go(session)
    struck = sum(bool(session.plant.orders.struck(order)) for order in orders)
    return [
        known("points at which a process was stopped", f"{struck} of {len(orders)}"),
        zero("not settled in time", int(not in_time)),
        *await session.figures(),
    ]


async def _struck_or_through(session: Session, orders: Sequence[Order]) -> None:
    """Until each has struck, as far as they do: a process that is stopped can't be stopped again."""

    async def all_struck() -> bool:
        return all(session.plant.orders.struck(order) for order in orders)

    await eventually(all_struck, 6)


def _let_go(session: Session) -> None:
    for victim in session.plant.services.values():
        victim.send(signal.SIGCONT)


async def _settled_while_letting_go(session: Session) -> bool:
    """A point may be reached later: whoever is stopped then is let go after its ack wait too."""

    async def let_go_often() -> None:
        while True:
            await lasting(ACK_WAIT * 1.5)
            _let_go(session)

    letting_go = asyncio.create_task(let_go_often())
    try:
        return await session.settled(120)
    finally:
        letting_go.cancel()
