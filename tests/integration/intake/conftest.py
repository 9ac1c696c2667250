"""intake's API over HTTP, in this process, on a real nats-server with a sealing key."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from events.errors import Refuse
from events.orders import Orders
from events.questions import answer_requests
from events.seal import KeyRecord, new_private_key, public_part
from events.service import ended
from events.stored import Stored
from events.stream import Stream
from events.subjects import event_subject
from events.types import Event, ServerScanned
from events.values import MacAddress
from intake.api import create_app
from intake.projection import follow
from intake.settings import Settings
from intake.stores import Stores
from tests.integration.rig import Rig, until

ANYTHING = {"device_name": "dcoa-ra07u45", "bmc_mac": "3CECEFA19CE8", "bmc_password": "secret123"}
MAC = MacAddress("3CECEFA19CE8")
ID = "01a1fc6f-a3ea-7c4e-a3da-fce4f6eba43f"


class Intake:
    """One replica of intake, and a view of what it stored."""

    def __init__(self, rig: Rig, *, patience: float = 5.0, **settings: Any) -> None:
        self.rig = rig
        self.settings = Settings(nats_patience=patience, reference_ttl=0.0, **settings)
        self.stores = Stores.on(Stream(rig.client, patience=patience), self.settings)
        self.app = create_app(self.settings, lambda: self.stores)
        transport = httpx.ASGITransport(self.app)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://intake")

    async def register(self, **fields: Any) -> httpx.Response:
        return await self.http.post("/api/v1/servers/register", json={**ANYTHING, **fields})

    async def scans(self) -> list[Stored]:
        """Every ServerScanned that stands."""
        if await self.rig.stream.last("onboarding.>") is None:
            return []
        return await self.rig.stored(event_subject(ServerScanned.name, "*", "*"))

    async def newest(self) -> ServerScanned:
        event = (await self.scans())[-1].decoded().event
        assert isinstance(event, ServerScanned)
        return event

    async def put(self, bucket: str, key: str, value: object) -> None:
        """A value of a KV bucket, as JSON."""
        await self.rig.client.jetstream().publish(f"$KV.{bucket}.{key}", json.dumps(value).encode())

    async def new_key(self, kid: str, made_at: str = "2026-01-01T00:00:00Z") -> dict[str, str]:
        """A sealing key, as vault_writer makes one; its private half."""
        private = new_private_key(kid)
        record = KeyRecord(key=public_part(private), made_at=made_at)
        await self.put("KEYS", kid, record.model_dump(mode="json"))
        return private


@pytest.fixture
async def intake(rig: Rig) -> AsyncIterator[Intake]:
    """A replica without a sealing key."""
    replica = Intake(rig)
    yield replica
    await replica.http.aclose()


@pytest.fixture
async def private(intake: Intake) -> dict[str, str]:
    """The private half of the one key there is."""
    return await intake.new_key("2026-01-01-abcd")


async def _held(_event: Event, _orders: Orders) -> Event:
    raise Refuse("held by another", culprit="another")


async def _answer(_payload: bytes) -> bytes:
    return b"{}"


@pytest.fixture
async def backends(intake: Intake) -> None:
    """A NetBox step that gives up on every server, and is asked to read the reference data anew."""
    await intake.rig.run(netbox_sync=_held)
    await answer_requests(intake.rig.client, "netbox_sync", {"reference.refresh": _answer})


@pytest.fixture
async def live(intake: Intake) -> AsyncIterator[Intake]:
    """The same replica, its projection up with the stream."""
    stores = intake.stores
    following = asyncio.create_task(follow(stores.projection, stores.stream))
    await until(lambda: stores.projection.complete)
    yield intake
    await ended(following)
