"""A backend that is down for a while: what needs it waits, the rest goes on, and everything completes."""

from time import monotonic

from tests.chaos.figures import Figure, known, zero
from tests.chaos.others import beside, p99, seconds_until
from tests.chaos.phones import Sent
from tests.chaos.plant import Shape
from tests.chaos.record import ORDER
from tests.chaos.session import Session, eventually, lasting
from tests.chaos.task import Task
from tests.chaos.yard import Scan, scan_of

STEP_BEFORE = {
    "netbox": "server-scanned",
    "openbao": "device-recorded",
    "kea-a": "credentials-stored",
    "kubernetes": "address-reserved",
}
"""By backend: the last event that a server comes to while it is down."""
WAITING = 10
"""Servers that are stopped by it."""
OTHER_SITE = range(12_100, 12_200)
USUAL = range(12_200, 12_300)


async def backends_down(task: Task) -> list[Figure]:
    """Each backend in turn: down, scans, more scans beside those that wait, back."""
    others = task.either(10, 40)
    figures = []
    async with task.session(Shape(proxied=list(STEP_BEFORE))) as session:
        await session.without_fault()
        sent = await session.scan(scan_of(number) for number in range(others))
        await session.settled(60)
        usual = {
            backend: p99(seconds_until(event, sent, session.record)) for backend, event in STEP_BEFORE.items()
        }
        for turn, backend in enumerate(STEP_BEFORE, 1):
            figures += await _down(session, backend, turn * 100, others, usual[backend], task.either(4, 30))
        return [*figures, *await session.figures()]


async def _down(
    session: Session, backend: str, number: int, others: int, usual: float, lasts: int
) -> list[Figure]:
    """The others are timed up to where this backend stops them."""
    last = STEP_BEFORE[backend]
    await session.plant.proxies[backend].refuse()
    sent = await session.scan(scan_of(number + offset) for offset in range(WAITING))
    await lasting(lasts)
    more = await session.scan(scan_of(number + WAITING + offset) for offset in range(others))
    meanwhile = p99(await _until(session, last, more))
    beyond = len(seconds_until(ORDER[ORDER.index(last) + 1], [*sent, *more], session.record))
    await session.plant.proxies[backend].start()
    began = monotonic()
    in_time = await session.settled(120)
    return [
        zero(f"{backend}: went past it while it was down", beyond),
        beside(f"{backend}: p99 of the others up to {last}", meanwhile, usual),
        known(f"{backend}: all through after", f"{monotonic() - began:.1f} s"),
        zero(f"{backend}: not settled within 120 s", int(not in_time)),
    ]


async def one_dead_kea(task: Task) -> list[Figure]:
    """Many servers wait for one dead Kea, while others need only the living one's site."""
    waiting, others = task.either(100, 10_000), task.either(20, 100)
    prefixes = {"kea-a": ["10.20.0.0/16"], "kea-b": ["10.30.0.0/16"]}
    async with task.session(Shape(proxied=["kea-a"], kea_prefixes=prefixes)) as session:
        usual = await _other_site(session, USUAL[:others])
        await session.plant.proxies["kea-a"].refuse()
        sent = await session.scan((scan_of(number) for number in range(waiting)), within=900)
        began = monotonic()
        all_wait = len(await _until(session, "step-delayed", sent, within=1800))
        meanwhile = await _other_site(session, OTHER_SITE[:others])
        await session.plant.proxies["kea-a"].start()
        back_at = monotonic()
        in_time = await session.settled(waiting / 5 + 120)
        return [
            known("servers that waited, all of them after", f"{all_wait}, {back_at - began:.0f} s"),
            beside("p99 of the others", meanwhile, usual),
            known("all through after", f"{monotonic() - back_at:.0f} s"),
            zero("not settled in time", int(not in_time)),
            *session.told(),
        ]


async def _other_site(session: Session, numbers: range) -> float:
    """Onboard these at the other site; the p99 of the seconds from scan to ready."""
    sent = await session.scan(map(_of_other_site, numbers), within=300)
    return p99(await _until(session, "server-ready", sent, within=600))


def _of_other_site(number: int) -> Scan:
    return scan_of(number, bmc_ip=f"10.30.{number // 250}.{number % 250 + 1}")


async def _until(session: Session, event: str, sent: list[Sent], within: float = 120) -> list[float]:
    """Wait until each of these has come to this event; the seconds that each took."""

    async def all_came() -> bool:
        await session.record.update()
        return len(seconds_until(event, sent, session.record)) == len(sent)

    assert await eventually(all_came, within), f"not all came to {event} within {within} s"
    return seconds_until(event, sent, session.record)
