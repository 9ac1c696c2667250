"""A DHCP server that is dead for long holds up no work on another one, though a server needs both."""

from contextlib import suppress

import pytest

from events import breaker
from events.breaker import OPENS_AFTER, Backend
from events.errors import Unreachable
from events.orders import Orders
from events.types import CredentialsStored, Event
from kea_sync.handler import reserve_address
from tests.integration.rig import Rig, until
from tests.unit.kea_sync.events import credentials_stored
from tests.unit.kea_sync.fake import FakeServer, FakeServers, reserved


@pytest.fixture
async def dead(monkeypatch: pytest.MonkeyPatch) -> FakeServer:
    """A server that is known to be dead, and that nobody calls for the next hour."""
    monkeypatch.setattr(breaker, "FIRST_PROBE", 3600.0)
    monkeypatch.setattr(breaker, "LONGEST_PROBE", 3600.0)
    backend = Backend("Kea kea-b", "kea-b")
    for _ in range(OPENS_AFTER):
        with suppress(Unreachable):
            async with backend.call():
                raise Unreachable("kea-b does not answer", backend="kea-b")
    return FakeServer("kea-b", down=True)


async def test_a_server_that_is_back_is_done_while_another_stays_dead(rig: Rig, dead: FakeServer) -> None:
    restarting = FakeServer("kea-a", down=True)

    async def do(event: Event, _orders: Orders) -> Event:
        assert isinstance(event, CredentialsStored)
        return await reserve_address(event, FakeServers(dead, restarting))

    scan = await rig.scan("dcoa-rb06u31")
    await rig.publish(credentials_stored(onboarding_id=scan.onboarding_id))
    await rig.run(kea_sync=do)
    await until(lambda: _one_waits(rig))
    restarting.down = False
    await until(lambda: restarting.reservations == [reserved()])


async def _one_waits(rig: Rig) -> bool:
    return len(await rig.attempts()) == 1
