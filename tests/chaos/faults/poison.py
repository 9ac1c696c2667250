"""Messages that nobody can handle: each is a dead letter once, and no other message is."""

from collections import Counter

from events.dead_letters import DeadLetter
from events.envelope import encode
from events.ids import event_id, new_onboarding_id
from events.stream import Stream
from events.subjects import DEAD_LETTERS, event_subject
from events.types import Registration, ServerScanned
from onramp.cli.connection import connected
from tests.chaos.figures import Figure, exactly, zero
from tests.chaos.orders import Order
from tests.chaos.session import Session, eventually
from tests.chaos.task import Task
from tests.chaos.yard import mac_of, name_of, scan_of

FIRST = 800
"""The number of the first poisoned server."""
KILLER = FIRST + 10
KINDS = ("undecodable", "schema-invalid", "unknown version", "no envelope")


async def poison(task: Task) -> list[Figure]:
    """Undecodable, schema-invalid, of an unknown version, and one whose handling kills the process."""
    async with task.session() as session:
        await session.without_fault()
        return await poisoned(session, range(task.either(20, 60)))


async def poisoned(session: Session, healthy: range) -> list[Figure]:
    """Healthy servers with the poison among them."""
    killer = Order("killer", "netbox_sync", "after read netbox_sync", name_of(KILLER), times=1000)
    session.plant.orders.give([killer])
    await session.scan(map(scan_of, healthy[::2]))
    async with connected(session.plant.environment("operator")) as stream:
        for offset, kind in enumerate(KINDS):
            await _publish(stream, kind, FIRST + offset)
    [sent] = await session.scan([scan_of(KILLER)])
    await session.scan(map(scan_of, healthy[1::2]))
    expected = {name_of(FIRST + offset): 1 for offset in range(len(KINDS))} | {name_of(KILLER): 1}

    async def all_dead() -> bool:
        return len(await _dead_letters(session)) >= len(expected)

    in_time = await eventually(all_dead, 90) and await session.settled(90)
    session.sent.remove(sent)
    found = await _dead_letters(session)
    return [
        exactly("dead letters by server", expected, dict(Counter(letter.server for letter in found))),
        zero("not settled within 90 s", int(not in_time)),
        *await session.figures(),
    ]


async def _publish(stream: Stream, kind: str, number: int) -> None:
    event = ServerScanned(
        onboarding_id=new_onboarding_id(),
        server=name_of(number),
        site="dcoa",
        registration=Registration(bmc_mac=mac_of(number)),
        sealed_password="sealed",
    )
    id = event_id(event)
    headers, data = encode(event, id=id, source="chaos")
    match kind:
        case "undecodable":
            data = b"\xff\xfe{"
        case "schema-invalid":
            data = b'{"server": 7}'
        case "unknown version":
            headers["ce-type"] = headers["ce-type"].replace(".v1", ".v9")
        case "no envelope":
            headers = {}
    await stream.publish(event_subject(event.name, event.site, event.server), data, headers, id=str(id))


async def _dead_letters(session: Session) -> list[DeadLetter]:
    async with connected(session.plant.environment("operator")) as stream:
        return [DeadLetter.of(stored) async for stored in Stream(stream.client, DEAD_LETTERS).read()]
