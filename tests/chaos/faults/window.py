"""The duplicate window: what is sent again inside and outside it, and a PubAck that comes too late."""

from collections.abc import Iterable

from events.stored import Stored
from onramp.cli.connection import connected
from tests.chaos.figures import Figure, exactly, zero
from tests.chaos.orders import Order
from tests.chaos.plant import ACK_WAIT
from tests.chaos.record import ORDER, event_of
from tests.chaos.session import Session, lasting
from tests.chaos.task import Task
from tests.chaos.yard import name_of, scan_of

LATE = (
    ("intake", "sent publish server-scanned"),
    ("netbox_sync", "sent publish device-recorded"),
    ("vault_writer", "sent publish credentials-stored"),
    ("kea_sync", "sent publish address-reserved"),
    ("metal3_sync", "sent publish host-enrolled"),
    ("metal3_sync", "sent publish server-ready"),
)
"""Where a process dies with its publish stored and its PubAck unheard."""
NARROW = 1.0
"""Seconds: a window that is over when a message comes again after its ack wait."""


async def duplicates(task: Task) -> list[Figure]:
    """Late PubAcks, the same events and scans again, and replays; then the same with the window over."""
    async with task.session() as session:
        await session.without_fault()
        figures = await _late(session, "inside", range(8))
        stored = await _publish_again(session, _events_of(session, range(2)))
        replayed = await _replay_again(session, range(2))
        figures += [
            zero("stored again inside the window", len(stored)),
            exactly("replays inside the window that were stored", 4, replayed),
        ]
        await _narrow(session)
        figures += await _late(session, "outside", range(10, 18))
        await session.scan_again(session.sent[-4:])
        in_time = await session.settled(60)
        stored = await _publish_again(session, _one_each(session, range(6)))
        in_time &= await session.settled(60)
        session.record.forget(stored)
        return [
            *figures,
            exactly("events sent again outside the window, and stored", 6, len(stored)),
            zero("not settled in time", int(not in_time)),
            *await session.figures(),
        ]


async def _late(session: Session, where: str, numbers: range) -> list[Figure]:
    """Some of these servers' processes die before they hear a PubAck."""
    orders = [
        Order(f"late-{number}", service, point, name_of(number))
        for number, (service, point) in zip(numbers, LATE, strict=False)
    ]
    session.plant.orders.give(orders)
    await session.scan(scan_of(number) for number in numbers)
    in_time = await session.settled(120)
    struck = sum(session.plant.orders.struck(order) for order in orders)
    return [
        exactly(f"PubAcks too late, {where} the window", len(LATE), struck),
        zero("not settled within 120 s", int(not in_time)),
    ]


async def _narrow(session: Session) -> None:
    """Make the window so short that all that was sent so far lies outside."""
    assert NARROW < ACK_WAIT
    async with connected(session.plant.environment("operator")) as stream:
        manager = stream.jetstream._jsm
        config = (await manager.stream_info("ONBOARDING")).config
        await manager.update_stream(config.evolve(duplicate_window=NARROW))
    await lasting(NARROW * 2)


async def _publish_again(session: Session, events: Iterable[Stored]) -> list[int]:
    """Send each of these once more, as it stands; the sequences of what NATS stored."""
    stored_again = []
    async with connected(session.plant.environment("operator")) as stream:
        for stored in events:
            sequence, duplicate = await stream.publish(
                stored.subject, stored.data, _own(stored), id=stored.id
            )
            stored_again += [] if duplicate else [sequence]
    return stored_again


async def _replay_again(session: Session, numbers: range) -> int:
    """Send an event to its step's private subject twice, seconds after it; how many replays were stored."""
    taken = 0
    async with connected(session.plant.environment("operator")) as stream:
        for stored in _events_of(session, numbers):
            if stored.subject.split(".")[1] != "credentials-stored":
                continue
            for turn in range(2):
                subject = ".".join(["onboarding.replay.kea_sync", *stored.subject.split(".")[2:]])
                headers = {**_own(stored), "onramp-sequence": str(stored.sequence)}
                id = f"chaos-{stored.sequence}-{turn}"
                _, duplicate = await stream.publish(subject, stored.data, headers, id=id)
                taken += not duplicate
    return taken


def _events_of(session: Session, numbers: range) -> list[Stored]:
    names = {name_of(number) for number in numbers}
    return [one for one in session.record.messages if one.subject.split(".")[-1] in names and one.id]


def _one_each(session: Session, numbers: range) -> list[Stored]:
    """Of each server another event of the chain: what follows it is not sent again beside it."""
    return [
        next(one for one in _events_of(session, range(number, number + 1)) if event_of(one) == name)
        for number, name in zip(numbers, ORDER, strict=True)
    ]


def _own(stored: Stored) -> dict[str, str]:
    return {name: value for name, value in stored.headers.items() if name.startswith("ce-")}
