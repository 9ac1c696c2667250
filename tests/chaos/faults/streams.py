"""What the services stand on is deleted or changed under them, and made again."""

from time import monotonic
from uuid import UUID

from onramp.cli.connection import connected
from tests.chaos.figures import Figure, exactly, seconds, zero
from tests.chaos.session import Session, eventually
from tests.chaos.task import Task
from tests.chaos.yard import scan_of

NAMED_WITHIN = 10.0


async def deleted(task: Task) -> list[Figure]:
    """A consumer deleted, a stream changed, a stream deleted: red and named, then well after an apply."""
    figures = []
    async with task.session() as session:
        await session.without_fault()
        await session.scan(scan_of(number) for number in range(6))
        await session.settled(60)
        number = 10
        for what, service, named in (
            ("consumer", "kea_sync", "the consumer kea_sync is missing"),
            ("changed", "vault_writer", "the stream ONBOARDING differs"),
            ("bucket", "netbox_sync", "KV_ATTEMPTS is missing"),
        ):
            before = len(session.record.messages)
            await _break(session, what)
            named_after = await _until_named(session, service, named)
            sent = await session.scan(scan_of(number + offset) for offset in range(4))
            began = monotonic()
            await session.plant.apply()
            in_time = await session.settled(60)
            figures.append(seconds(f"{what}: named by {service} after", named_after, at_most=NAMED_WITHIN))
            figures.append(seconds(f"{what}: well after the apply", monotonic() - began, at_most=30))
            figures.append(zero(f"{what}: not settled within 60 s", int(not in_time)))
            figures.append(zero(f"{what}: history run again", _told_again(session, before, len(sent))))
            number += 4
        figures += await session.figures()
        figures += await _without_the_stream(session)
        return [*figures, exactly("restarts", [], session.plant.supervisor.deaths)]


async def _without_the_stream(session: Session) -> list[Figure]:
    """ONBOARDING itself deleted: its history is gone, and what is scanned after an apply goes all the way."""
    await _break(session, "stream")
    named_after = await _until_named(session, "kea_sync", "the stream ONBOARDING is missing")
    await session.plant.apply()
    session.record.messages.clear()
    session.sent.clear()
    await session.scan(scan_of(number) for number in range(40, 44))
    in_time = await session.settled(60)
    return [
        seconds("stream: named by kea_sync after", named_after, at_most=NAMED_WITHIN),
        zero("stream: not settled within 60 s of the apply", int(not in_time)),
        zero("stream: lost of what was scanned after", len(session.record.unsettled(_ids(session)))),
    ]


def _ids(session: Session) -> list[UUID]:
    return [sent.onboarding_id for sent in session.sent]


async def _break(session: Session, what: str) -> None:
    async with connected(session.plant.environment("operator")) as stream:
        manager = stream.jetstream._jsm
        match what:
            case "consumer":
                await manager.delete_consumer("ONBOARDING", "kea_sync")
            case "changed":
                config = (await manager.stream_info("ONBOARDING")).config
                await manager.update_stream(config.evolve(max_msgs_per_subject=7))
            case "stream":
                await manager.delete_stream("ONBOARDING")
            case "bucket":
                await manager.delete_stream("KV_ATTEMPTS")


async def _until_named(session: Session, service: str, named: str) -> float:
    began = monotonic()

    async def is_named() -> bool:
        return named in await session.ready_red(service)

    return monotonic() - began if await eventually(is_named, 30) else 999.0


def _told_again(session: Session, before: int, scans: int) -> int:
    """How many events more than the new scans' own were stored."""
    own = {str(sent.onboarding_id) for sent in session.sent[-scans:]}
    return sum(stored.onboarding_id not in own for stored in session.record.messages[before:])
