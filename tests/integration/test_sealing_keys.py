"""The public sealing keys and the newest scans, on a real nats-server."""

import pytest

from events.ids import new_onboarding_id
from events.seal import KeyRecord, new_private_key, public_part, seal
from events.store_errors import Away
from events.types import Registration, ServerScanned
from events.values import MacAddress
from tests.integration.rig import Rig
from vault_writer.client import PublicKeyBucket
from vault_writer.scans import NewestScans

MAC = MacAddress("3c:ec:ef:a1:9c:e8")


def record(kid: str) -> KeyRecord:
    return KeyRecord(key=public_part(new_private_key(kid)), made_at="2026-01-01T00:00:00+00:00")


@pytest.fixture
def public(rig: Rig) -> PublicKeyBucket:
    return PublicKeyBucket(lambda: rig.stream)


@pytest.fixture
def scans(rig: Rig) -> NewestScans:
    return NewestScans(lambda: rig.stream)


async def scan(rig: Rig, server: str, key: KeyRecord, site: str = "dcoa") -> None:
    event = ServerScanned(
        onboarding_id=new_onboarding_id(),
        server=server,
        site=site,
        registration=Registration(bmc_mac=MAC),
        sealed_password=seal("secret123", MAC, key.key),
    )
    await rig.publish(event)


async def test_an_empty_bucket_has_no_keys(public: PublicKeyBucket) -> None:
    assert await public.all() == []


async def test_a_public_key_is_found_replaced_and_removed(public: PublicKeyBucket) -> None:
    first, second = record("a"), record("b")
    await public.write(first)
    await public.write(second)
    retired = first.model_copy(update={"retired": True})
    await public.write(retired)
    assert await public.all() == [second, retired]
    await public.delete("a")
    assert await public.all() == [second]


async def test_a_bucket_that_is_missing_is_told_by_what_makes_it(rig: Rig, public: PublicKeyBucket) -> None:
    await rig.stream.jetstream.delete_stream("KV_KEYS")
    for verb in (public.all(), public.write(record("a")), public.delete("a")):
        with pytest.raises(Away, match="run `onramp streams apply`"):
            await verb


async def test_a_value_that_is_no_key_hides_none_of_the_others(rig: Rig, public: PublicKeyBucket) -> None:
    await rig.client.jetstream().publish("$KV.KEYS.bad", b"junk")
    await public.write(record("a"))
    assert [found.key.kid for found in await public.all()] == ["a"]


async def test_before_the_first_scan_nobody_needs_a_key(scans: NewestScans) -> None:
    assert await scans.newest_kids() == {}


async def test_the_newest_scan_of_each_server_says_which_key_it_needs(rig: Rig, scans: NewestScans) -> None:
    old, new = record("old"), record("new")
    for server in ("dcoa-ra01u01", "dcoa-ra01u02"):
        await scan(rig, server, old)
    await scan(rig, "dcoa-ra01u02", new)
    assert await scans.newest_kids() == {"dcoa-ra01u01": "old", "dcoa-ra01u02": "new"}


async def test_a_scan_under_another_site_is_the_newer_one(rig: Rig, scans: NewestScans) -> None:
    await scan(rig, "dcoa-ra01u01", record("old"), site="_")
    await scan(rig, "dcoa-ra01u01", record("new"), site="dcoa")
    assert await scans.newest_kids() == {"dcoa-ra01u01": "new"}


async def test_a_scan_whose_seal_cannot_be_read_needs_no_key(rig: Rig, scans: NewestScans) -> None:
    await rig.scan("dcoa-ra01u01")
    assert await scans.newest_kids() == {"dcoa-ra01u01": ""}


async def test_many_scans_are_all_read(rig: Rig, scans: NewestScans) -> None:
    key = record("a")
    for number in range(300):
        await scan(rig, f"dcoa-ra01n{number}", key)
    assert len(await scans.newest_kids()) == 300
