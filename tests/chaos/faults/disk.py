"""No room for NATS: its disk is full, or the bound on what JetStream may keep is reached."""

import os
from collections.abc import Awaitable, Callable
from time import monotonic

from tests.chaos.figures import Figure, exactly, known, seconds, zero
from tests.chaos.nodes import widen
from tests.chaos.plant import Shape
from tests.chaos.session import Session, eventually
from tests.chaos.task import Task
from tests.chaos.yard import scan_of

BOUND = "1MB"
DISK, LARGER = "3m", "500m"
BEYOND_THE_DISK = "1GB"
"""So that the disk is what is full, and not what JetStream allows itself on so small a one."""
ALARM_WITHIN = 10.0
ROOM_WITHIN = 300.0


async def bound_reached(task: Task) -> list[Figure]:
    """JetStream may keep no more: with a larger bound all goes on."""

    async def more(session: Session) -> None:
        await session.plant.nats.kill()
        widen(session.plant.nats)
        await session.plant.nats.start()

    async with task.session(Shape(max_file_store=BOUND)) as session:
        return await _without_room(session, more)


async def disk_full(task: Task) -> list[Figure]:
    """The disk under NATS takes nothing more (ENOSPC): with a larger one, and NATS restarted, all goes on."""

    async def more(session: Session) -> None:
        assert session.plant.disk is not None
        await session.plant.disk.resize(LARGER)
        await session.plant.nats.kill()
        await session.plant.nats.start()

    if os.geteuid() != 0:
        return [known("not tried", "only root can mount a small disk")]
    async with task.session(Shape(disk=DISK, max_file_store=BEYOND_THE_DISK)) as session:
        return await _without_room(session, more)


async def _without_room(session: Session, more: Callable[[Session], Awaitable[None]]) -> list[Figure]:
    """Scans until intake takes no more; then room is made."""
    await session.without_fault()
    refused = await _until_refused(session)
    began = monotonic()

    async def is_red() -> bool:
        return "has no room" in await session.ready_red("intake")

    red = await eventually(is_red, ALARM_WITHIN * 2)
    named_after = monotonic() - began if red else 999.0
    await more(session)
    in_time = await session.settled(ROOM_WITHIN)
    return [
        exactly("intake answers 503", True, ": 503" in refused),
        seconds("intake's readiness names it after", named_after, at_most=ALARM_WITHIN),
        known("acknowledged before", str(len(session.sent))),
        zero(f"not settled within {ROOM_WITHIN:.0f} s of more room", int(not in_time)),
        *await session.figures(),
    ]


async def _until_refused(session: Session) -> str:
    """Scan until intake takes no more; its last answer."""
    for number in range(2000):
        try:
            await session.scan([scan_of(number)], within=3)
        except AssertionError as refused:
            return str(refused)
    return "it never refused"
