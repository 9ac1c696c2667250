"""The reference data goes from NetBox's tables through the bucket to whoever fills in a form."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import httpx
import pytest
from nats.js.errors import KeyNotFoundError
from pydantic import SecretStr

from events.questions import answer_requests
from events.service import ended
from events.store_errors import Away, StoreError
from events.stream import Stream
from intake.api import create_app
from intake.api.reference import PATH
from intake.settings import Settings
from intake.stores import Stores
from netbox_sync.reference import ReferenceBucket, Refresher
from netbox_sync.reference import refresher as timing
from netbox_sync.reference.bucket import STREAM
from netbox_sync.reference.refresher import SUBJECT
from tests.integration.intake.a_reference import FILLED, NetBox, device, elevations, rack, refresher
from tests.integration.intake.conftest import Intake
from tests.integration.rig import Rig, until

PATHS = ("sites", "locations", "racks", "device-types", "device-roles", "tenants", "prefixes")
SECRET = "between-netbox-and-intake"


@pytest.fixture
def netbox() -> NetBox:
    return NetBox()


@pytest.fixture
def keeper(rig: Rig, netbox: NetBox) -> Refresher:
    return refresher(rig, netbox)


@pytest.fixture
async def webhook(intake: Intake) -> AsyncIterator[httpx.AsyncClient]:
    """intake with the secret of NetBox's webhook."""
    settings = Settings(reference_ttl=0.0, nats_patience=2.0, reference_webhook_secret=SecretStr(SECRET))
    transport = httpx.ASGITransport(create_app(settings, lambda: intake.stores))
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as http:
        yield http


async def get(intake: Intake, path: str, **query: str) -> Any:
    answer = await intake.http.get(f"/api/v1/reference/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def names(intake: Intake, path: str, by: str = "name", **query: str) -> list[str]:
    return [item[by] for item in (await get(intake, path, **query))["items"]]


async def last_sequence(rig: Rig) -> int:
    info = await rig.stream.jetstream._jsm.stream_info(STREAM)
    return info.state.last_seq


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Hook-Signature": hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()}


@asynccontextmanager
async def running(rig: Rig, keeper: Refresher) -> AsyncIterator[None]:
    """The refresher as netbox_sync runs it: on its timer and on request."""
    await answer_requests(rig.client, "netbox_sync", {SUBJECT: keeper.answer})
    run = asyncio.create_task(keeper.run())
    try:
        yield
    finally:
        await ended(run)


@pytest.mark.parametrize("path", PATHS)
async def test_where_nothing_was_read_yet_the_list_is_empty_and_stale(intake: Intake, path: str) -> None:
    assert await get(intake, path) == {"as_of": None, "age_seconds": None, "stale": True, "items": []}


@pytest.mark.parametrize("path", PATHS)
async def test_what_netbox_holds_is_served_with_its_age(intake: Intake, keeper: Refresher, path: str) -> None:
    await keeper.refresh()
    answer = await get(intake, path)
    assert answer["items"]
    assert answer["age_seconds"] in range(30)
    assert (answer["stale"], bool(answer["as_of"])) == (False, True)


async def test_a_refresh_without_a_change_writes_nothing_but_its_time(rig: Rig, keeper: Refresher) -> None:
    await keeper.refresh()
    before = await last_sequence(rig)
    await keeper.refresh()
    assert await last_sequence(rig) == before + 1


async def test_a_change_is_written_alone(intake: Intake, netbox: NetBox, keeper: Refresher) -> None:
    await keeper.refresh()
    before = await last_sequence(intake.rig)
    netbox.set(elevations=elevations(device(1, at=1, position=1), device(2, at=2, position=3)))
    await keeper.refresh()
    assert await last_sequence(intake.rig) == before + 2
    [changed] = (await get(intake, "racks", location="rb"))["items"]
    assert [one["device"] for one in changed["taken"]] == ["server-2"]


async def test_what_is_gone_from_netbox_is_gone_from_the_list(
    intake: Intake, netbox: NetBox, keeper: Refresher
) -> None:
    await keeper.refresh()
    netbox.set(tenants=[])
    await keeper.refresh()
    assert await names(intake, "tenants") == []
    netbox.set(tenants=FILLED.tenants)
    await keeper.refresh()
    assert await names(intake, "tenants") == ["Blue"]


async def test_what_is_gone_is_deleted_as_key_value_clients_delete(
    rig: Rig, netbox: NetBox, keeper: Refresher
) -> None:
    await keeper.refresh()
    netbox.set(tenants=[])
    await keeper.refresh()
    with pytest.raises(KeyNotFoundError):
        await (await rig.stream.jetstream.key_value("REFERENCE")).get("tenants.1")


async def test_while_netbox_is_down_the_old_data_stays_with_its_age(
    intake: Intake, netbox: NetBox, keeper: Refresher
) -> None:
    await keeper.refresh()
    before = await get(intake, "racks")
    netbox.down = True
    async with running(intake.rig, keeper):
        await intake.rig.client.request(SUBJECT)
        await until(lambda: netbox.reads == 2)
    after = await get(intake, "racks")
    assert (after["items"], after["as_of"]) == (before["items"], before["as_of"])


async def test_data_that_was_not_refreshed_for_long_is_called_stale(
    intake: Intake, keeper: Refresher
) -> None:
    await keeper.refresh()
    await intake.put("REFERENCE", "as-of", {"read_at": "2026-01-01T00:00:00Z"})
    answer = await get(intake, "sites")
    assert (answer["stale"], answer["as_of"]) == (True, "2026-01-01T00:00:00+00:00")
    assert answer["age_seconds"] > 900
    assert answer["items"]


async def test_while_nats_is_away_what_was_served_last_is_served(intake: Intake, keeper: Refresher) -> None:
    await keeper.refresh()
    stores: list[Stores] = [intake.stores]

    def there() -> Stores:
        if not stores:
            raise Away("NATS is not connected")
        return stores[0]

    transport = httpx.ASGITransport(create_app(intake.settings, there))
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as http:
        first = (await http.get("/api/v1/reference/sites")).json()
        stores.clear()
        again = await http.get("/api/v1/reference/sites")
    assert (again.status_code, again.json()["items"]) == (200, first["items"])


async def test_a_value_that_cannot_be_read_is_left_out_and_the_rest_is_served(
    intake: Intake, keeper: Refresher
) -> None:
    await keeper.refresh()
    await intake.put("REFERENCE", "racks.2", {"name": "no id"})
    await intake.put("REFERENCE", "as-of", {"read_at": "2026-01-01T00:00:00Z"})
    assert await names(intake, "racks") == ["RA07", "X1", "Yard"]


async def test_two_replicas_that_refresh_at_once_do_no_harm(rig: Rig, intake: Intake, netbox: NetBox) -> None:
    replicas = [refresher(rig, netbox) for _ in range(3)]
    told = await asyncio.gather(*(one.refresh() for one in replicas), return_exceptions=True)
    assert None in told
    assert all(error is None or isinstance(error, StoreError) for error in told)
    assert await names(intake, "racks") == ["RA07", "RB06", "X1", "Yard"]


async def test_a_replica_leaves_alone_what_another_has_just_read(rig: Rig, netbox: NetBox) -> None:
    class Watched(ReferenceBucket):
        looked = False

        async def read_at(self) -> datetime | None:
            found = await super().read_at()
            self.looked = True
            return found

    await refresher(rig, netbox).refresh()
    bucket = Watched(lambda: Stream(rig.client, STREAM))
    async with running(rig, Refresher(netbox, bucket, 300.0)):
        await until(lambda: bucket.looked)
        assert netbox.reads == 1


async def test_the_timer_reads_netbox_again(rig: Rig, netbox: NetBox) -> None:
    async with running(rig, refresher(rig, netbox, interval=0.1)):
        await until(lambda: netbox.reads >= 3)


async def test_openapi_documents_that_nothing_changed(intake: Intake) -> None:
    paths = (await intake.http.get("/openapi.json")).json()["paths"]
    reference = [
        operations["get"] for path, operations in paths.items() if "get" in operations and PATH in path
    ]
    assert len(reference) == 7
    assert all("304" in operation["responses"] for operation in reference)


async def test_an_etag_is_answered_with_304_until_something_changes(
    intake: Intake, netbox: NetBox, keeper: Refresher
) -> None:
    await keeper.refresh()
    first = await intake.http.get("/api/v1/reference/racks")
    held = {"If-None-Match": first.headers["ETag"]}
    await keeper.refresh()
    unchanged = await intake.http.get("/api/v1/reference/racks", headers=held)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert unchanged.headers["Onramp-As-Of"] >= first.headers["Onramp-As-Of"]
    netbox.set(racks=[*FILLED.racks, rack(9, "New", 2)])
    await keeper.refresh()
    assert (await intake.http.get("/api/v1/reference/racks", headers=held)).status_code == 200


async def test_data_that_becomes_stale_is_no_longer_the_same(intake: Intake, keeper: Refresher) -> None:
    await keeper.refresh()
    fresh = await intake.http.get("/api/v1/reference/sites")
    await intake.put("REFERENCE", "as-of", {"read_at": "2026-01-01T00:00:00Z"})
    held = {"If-None-Match": fresh.headers["ETag"]}
    assert (await intake.http.get("/api/v1/reference/sites", headers=held)).status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["RA07", "RB06", "X1", "Yard"]),
        ({"site": "dcoa"}, ["RA07", "RB06", "Yard"]),
        ({"site": "dc oslo a"}, ["RA07", "RB06", "Yard"]),
        ({"site": "dcoa", "location": "ra07"}, ["RA07"]),
        ({"location": "HALL-A"}, ["RA07"]),
        ({"site": "dcbe", "location": "ra07"}, []),
        ({"site": "nowhere"}, []),
        ({"site": "", "location": ""}, ["RA07", "RB06", "X1", "Yard"]),
    ],
)
async def test_racks_are_filtered_by_site_and_location(
    intake: Intake, keeper: Refresher, query: dict[str, str], found: list[str]
) -> None:
    await keeper.refresh()
    assert await names(intake, "racks", **query) == found


@pytest.mark.parametrize("path", ["locations", "prefixes"])
async def test_an_empty_place_is_any(intake: Intake, keeper: Refresher, path: str) -> None:
    await keeper.refresh()
    everything = (await get(intake, path))["items"]
    assert everything
    assert (await get(intake, path, site="", location=""))["items"] == everything


async def test_locations_come_with_those_within_them(intake: Intake, keeper: Refresher) -> None:
    await keeper.refresh()
    assert await names(intake, "locations", "slug", site="dcoa", location="hall-a") == ["hall-a", "ra07"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"site": "dcoa"}, ["10.16.28.0/24", "10.18.0.0/24"]),
        ({"site": "dcbe", "location": "x"}, ["10.17.0.0/24", "10.18.0.0/24"]),
        ({}, ["10.16.28.0/24", "10.17.0.0/24", "10.18.0.0/24"]),
    ],
)
async def test_prefixes_are_those_of_the_place_and_those_of_none(
    intake: Intake, keeper: Refresher, query: dict[str, str], found: list[str]
) -> None:
    await keeper.refresh()
    assert await names(intake, "prefixes", "prefix", **query) == found


@pytest.mark.parametrize(
    ("device_type", "free"),
    [
        ("", [2, 2.5, 3]),
        ("supermicro/1u", [2, 2.5, 3]),
        ("2U", [2]),
        ("1u", None),
        ("unheard-of", None),
    ],
)
async def test_free_positions_are_told_for_the_device_type(
    intake: Intake, keeper: Refresher, device_type: str, free: list[float] | None
) -> None:
    await keeper.refresh()
    [found] = (await get(intake, "racks", location="ra07", device_type=device_type))["items"]
    assert found["free"] == free
    assert [one["position"] for one in found["taken"]] == [1]


async def test_prefixes_say_how_much_is_free_and_what_comes_next(intake: Intake, keeper: Refresher) -> None:
    await keeper.refresh()
    first = (await get(intake, "prefixes", site="dcoa"))["items"][0]
    assert (first["free"], first["next"]) == (254, "10.16.28.1")


async def test_a_scans_site_token_is_the_slug_that_was_read(
    intake: Intake, private: dict[str, str], keeper: Refresher
) -> None:
    await keeper.refresh()
    await intake.register(site="DC Oslo A")
    assert (await intake.newest()).site == "dcoa"


async def test_netboxs_webhook_has_the_data_read_again(
    intake: Intake,
    netbox: NetBox,
    keeper: Refresher,
    webhook: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timing, "SETTLE", 0.0)
    await keeper.refresh()
    netbox.set(racks=[*FILLED.racks, rack(9, "New", 2)])
    body = b'{"event": "created", "model": "rack"}'
    async with running(intake.rig, keeper):
        answer = await webhook.post("/api/v1/reference/refresh", content=body, headers=signed(body))
        assert (answer.status_code, answer.json()) == (202, {"accepted": True})

        async def there() -> bool:
            return "New" in await names(intake, "racks")

        await until(there)


async def test_many_webhooks_at_once_are_one_reading(
    intake: Intake,
    netbox: NetBox,
    keeper: Refresher,
    webhook: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(timing, "SETTLE", 0.3)
    await keeper.refresh()
    async with running(intake.rig, keeper):
        for _ in range(20):
            await webhook.post("/api/v1/reference/refresh", content=b"{}", headers=signed(b"{}"))
        await until(lambda: netbox.reads > 1)
        assert netbox.reads <= 3


@pytest.mark.parametrize(
    "headers", [{}, {"X-Hook-Signature": "ä"}, signed(b"other"), signed(b"{}", "guessed")]
)
async def test_a_webhook_that_is_not_netboxs_is_turned_away(
    webhook: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    sent = {name.encode(): value.encode() for name, value in headers.items()}
    answer = await webhook.post("/api/v1/reference/refresh", content=b"{}", headers=sent)
    assert (answer.status_code, answer.json()["type"]) == (401, "urn:onramp:problem:not-signed")


@pytest.mark.parametrize("secret", [None, ""])
async def test_without_a_secret_no_webhook_is_taken(rig: Rig, secret: str | None) -> None:
    intake = Intake(rig, reference_webhook_secret=secret)
    answer = await intake.http.post("/api/v1/reference/refresh", content=b"{}", headers=signed(b"{}", ""))
    assert answer.status_code == 403
    assert "ONRAMP_REFERENCE_WEBHOOK_SECRET" in answer.json()["detail"]


async def test_a_webhook_that_nobody_takes_up_may_come_again(webhook: httpx.AsyncClient) -> None:
    answer = await webhook.post("/api/v1/reference/refresh", content=b"{}", headers=signed(b"{}"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
