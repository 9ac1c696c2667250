"""Clocks that are an hour apart, and SIGTERM while a step takes long."""

import asyncio
from time import monotonic

from tests.chaos.clock import HOUR
from tests.chaos.figures import Figure, exactly, seconds, zero
from tests.chaos.orders import CLOCK, Order
from tests.chaos.plant import Shape
from tests.chaos.session import eventually
from tests.chaos.task import Task
from tests.chaos.yard import name_of, scan_of

GRACE = 30.0
STEPS = {
    "intake": "after publish server-scanned",
    "netbox_sync": "after POST dcim/devices",
    "vault_writer": "after write secret",
    "kea_sync": "after AddReservation kea-a",
    "metal3_sync": "after apply Secret",
}


async def clocks_apart(task: Task) -> list[Figure]:
    """Every second service is an hour ahead, another an hour behind; some are killed on the way."""
    ahead = {"netbox_sync": HOUR, "kea_sync": -HOUR, "intake": HOUR}
    own = {name: {CLOCK: str(shift)} for name, shift in ahead.items()}
    async with task.session(Shape(own_settings=own)) as session:
        await session.without_fault()
        points = [("netbox_sync", "sent publish device-recorded"), ("kea_sync", "before ack kea_sync")]
        session.plant.orders.give(
            Order(f"clock-{number}", service, point, name_of(number))
            for number, (service, point) in enumerate(points)
        )
        await session.scan(scan_of(number) for number in range(task.either(10, 40)))
        in_time = await session.settled(90)
        return [zero("not settled within 90 s", int(not in_time)), *await session.figures()]


async def sigterm(task: Task) -> list[Figure]:
    """Each service is told to end while a step of it takes long: exit 0, in time, and nothing is lost."""
    figures = []
    async with task.session() as session:
        await session.without_fault()
        for number, (service, point) in enumerate(STEPS.items()):
            order = Order(f"long-{service}", service, point, name_of(number), do="hold", seconds=8)
            session.plant.orders.give([order])
            sending = asyncio.create_task(session.scan([scan_of(number)]))

            async def is_held(order: Order = order) -> bool:
                return session.plant.orders.struck(order) > 0

            held = await eventually(is_held, 30)
            victim = session.plant.services[service]
            began = monotonic()
            code = await victim.terminated()
            figures.append(exactly(f"{service}: held, and its exit code", (True, 0), (held, code)))
            figures.append(seconds(f"{service}: ended after", monotonic() - began, at_most=GRACE))
            await victim.start()
            await sending
        in_time = await session.settled(60)
        return [*figures, zero("not settled within 60 s", int(not in_time)), *await session.figures()]
