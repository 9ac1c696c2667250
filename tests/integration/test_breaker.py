"""Rule 7: a dead backend costs a few naks, starves nobody, and is found again when it is back."""

import pytest

from events import breaker
from events.breaker import Backend
from events.errors import Unreachable
from events.orders import Orders
from events.types import DeviceRecorded, Event, StepDelayed
from tests.integration.rig import Rig, recorded, until


class Kea:
    """A backend that some servers need, and that can be away."""

    def __init__(self) -> None:
        self.backend = Backend("Kea kea-a", "http://kea-a")
        self.away = True
        self.calls = 0

    async def do(self, event: Event, _orders: Orders) -> Event:
        if event.server.startswith("needs"):
            async with self.backend.call():
                self.calls += 1
                if self.away:
                    raise Unreachable("Kea kea-a: connection refused", backend=self.backend.address)
        return recorded(event)


@pytest.fixture
def kea(monkeypatch: pytest.MonkeyPatch) -> Kea:
    monkeypatch.setattr(breaker, "FIRST_PROBE", 0.3)
    monkeypatch.setattr(breaker, "LONGEST_PROBE", 0.3)
    return Kea()


async def _recorded(rig: Rig, prefix: str) -> int:
    return len([e for e in await rig.told(DeviceRecorded) if e.server.startswith(prefix)])


async def _is(rig: Rig, prefix: str, count: int) -> bool:
    return await _recorded(rig, prefix) == count


async def test_those_that_wait_for_a_dead_backend_do_not_call_it_and_the_others_go_on(
    rig: Rig, kea: Kea
) -> None:
    await rig.run(netbox_sync=kea.do)
    for number in range(40):
        await rig.scan(f"needs-{number}")
    for number in range(10):
        await rig.scan(f"free-{number}")
    await until(lambda: _is(rig, "free", 10))
    await until(lambda: kea.backend.waiting == 40)
    assert kea.calls < 20
    assert len(await rig.told(StepDelayed)) == 40


async def test_when_the_backend_is_back_everything_that_waited_completes(rig: Rig, kea: Kea) -> None:
    await rig.run(netbox_sync=kea.do)
    for number in range(40):
        await rig.scan(f"needs-{number}")
    await until(lambda: kea.backend.waiting == 40)
    kea.away = False
    await until(lambda: _is(rig, "needs", 40), seconds=30)
    assert kea.backend.waiting == 0
    assert not kea.backend.open
