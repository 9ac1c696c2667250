"""The life of a sealing key, as an administrator asks for it."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from events.errors import Retry
from events.seal import KeyRecord, seal
from events.service import ended
from events.store_errors import Away
from events.values import MacAddress, ServerName
from tests.integration.rig import until
from tests.unit.vault_writer.fake import FakePrivateKeys, FakePublicKeys, FakeScans
from vault_writer.answers import answers
from vault_writer.keys import SealingKeys
from vault_writer.seals import KID, OpeningKeys

MAC = MacAddress("3c:ec:ef:a1:9c:e8")
SERVER = ServerName("dcoa-ra07u45")


@dataclass
class Place:
    private: FakePrivateKeys = field(default_factory=FakePrivateKeys)
    public: FakePublicKeys = field(default_factory=FakePublicKeys)
    scans: FakeScans = field(default_factory=FakeScans)
    lost: set[str] = field(default_factory=set)
    withdrawn_after: float = 0.0

    async def ask(self, verb: str, payload: bytes = b"", **about: str) -> Any:
        keys = SealingKeys(
            self.private, self.public, self.scans, self.lost, withdrawn_after=self.withdrawn_after
        )
        verbs = answers(keys)
        return json.loads(await verbs[f"keys.{verb}"](payload or json.dumps(about).encode()))

    async def new(self) -> str:
        return str((await self.ask("new"))["key"]["kid"])


@pytest.fixture
def place() -> Place:
    return Place()


async def _retired(place: Place) -> str:
    kid, _ = await place.new(), await place.new()
    await place.ask("retire", kid=kid)
    return kid


async def test_a_new_key_seals_and_opens(place: Place) -> None:
    kid = await place.new()
    sealed = seal("secret123", MAC, place.public.records[kid].key)
    assert KID.fullmatch(kid)
    assert await OpeningKeys(place.private).open(sealed, MAC) == "secret123"


async def test_the_answer_to_new_has_no_private_part(place: Place) -> None:
    assert "d" not in (await place.ask("new"))["key"]


async def test_two_keys_of_one_day_have_two_ids(place: Place) -> None:
    assert await place.new() != await place.new()


async def test_a_crash_before_the_public_half_leaves_nothing_that_seals(place: Place) -> None:
    place.public.away = Retry("killed")
    assert await place.ask("new") == {"error": "killed"}
    assert (len(place.private.keys), place.public.records) == (1, {})


async def test_the_list_says_which_keys_can_go(place: Place) -> None:
    unneeded, needed, current = [await place.new() for _ in range(3)]
    place.scans.sealed_to[SERVER] = needed
    for kid in (unneeded, needed):
        await place.ask("retire", kid=kid)
    listed = {key["kid"]: key for key in (await place.ask("list"))["keys"]}
    assert {kid: key["can_go"] for kid, key in listed.items()} == {
        unneeded: True,
        needed: False,
        current: False,
    }
    assert listed[needed]["needed_by"] == [SERVER]


async def test_the_list_says_which_keys_are_lost(place: Place) -> None:
    gone, there = [await place.new() for _ in range(2)]
    place.lost.add(gone)
    assert {key["kid"]: key["lost"] for key in (await place.ask("list"))["keys"]} == {
        gone: True,
        there: False,
    }


async def test_a_retired_key_still_opens(place: Place) -> None:
    kid = await place.new()
    sealed = seal("secret123", MAC, place.public.records[kid].key)
    await place.new()
    await place.ask("retire", kid=kid)
    assert place.public.records[kid].retired
    assert await OpeningKeys(place.private).open(sealed, MAC) == "secret123"


async def test_the_last_key_that_seals_is_not_retired(place: Place) -> None:
    kid = await place.new()
    assert "make a new one first" in (await place.ask("retire", kid=kid))["error"]
    assert not place.public.records[kid].retired


async def test_a_retired_key_is_none_that_seals_in_anothers_place(place: Place) -> None:
    first, last = await place.new(), await place.new()
    await place.ask("retire", kid=first)
    assert "make a new one first" in (await place.ask("retire", kid=last))["error"]
    assert not place.public.records[last].retired


async def test_a_retired_key_that_nobody_needs_is_deleted(place: Place) -> None:
    kid, _ = await place.new(), await place.new()
    await place.ask("retire", kid=kid)
    await place.ask("delete", kid=kid)
    assert kid not in place.public.records
    assert kid not in place.private.keys


async def test_a_key_that_still_seals_is_not_deleted(place: Place) -> None:
    kid = await place.new()
    assert "retire it first" in (await place.ask("delete", kid=kid))["error"]
    assert kid in place.private.keys
    assert not place.public.records[kid].withdrawn


async def test_a_key_that_a_newest_scan_is_sealed_to_is_not_deleted(place: Place) -> None:
    kid, _ = await place.new(), await place.new()
    place.scans.sealed_to[SERVER] = kid
    await place.ask("retire", kid=kid)
    assert SERVER in (await place.ask("delete", kid=kid))["error"]
    assert kid in place.private.keys


async def test_a_key_is_not_deleted_while_an_intake_may_take_what_is_sealed_to_it(place: Place) -> None:
    kid = await _retired(place)
    place.withdrawn_after = 3600
    deleting = asyncio.create_task(place.ask("delete", kid=kid))
    await until(lambda: place.public.records[kid].withdrawn)
    assert (kid in place.private.keys, deleting.done()) == (True, False)
    await ended(deleting)


async def test_a_scan_that_was_on_its_way_keeps_its_key(place: Place) -> None:
    class OnItsWay(FakeScans):
        async def newest_kids(self) -> dict[ServerName, str]:
            return {SERVER: kid} if place.public.records[kid].withdrawn else {}

    kid = await _retired(place)
    place.scans = OnItsWay()
    assert SERVER in (await place.ask("delete", kid=kid))["error"]
    assert kid in place.private.keys
    assert not place.public.records[kid].withdrawn


async def test_a_deletion_that_died_before_its_second_look_is_taken_back_where_the_key_is_needed(
    place: Place,
) -> None:
    kid = await _retired(place)
    place.public.records[kid] = place.public.records[kid].model_copy(update={"withdrawn": True})
    place.scans.sealed_to[SERVER] = kid
    assert SERVER in (await place.ask("delete", kid=kid))["error"]
    assert not place.public.records[kid].withdrawn


@pytest.mark.parametrize("half", ["private", "public"])
async def test_a_deletion_that_died_at_either_half_is_done_again(
    place: Place, half: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(_kid: str) -> None:
        raise Retry("killed")

    kid = await _retired(place)
    with monkeypatch.context() as death:
        death.setattr(getattr(place, half), "delete", dies)
        assert await place.ask("delete", kid=kid) == {"error": "killed"}
    await place.ask("delete", kid=kid)
    assert (kid in place.private.keys, kid in place.public.records) == (False, False)


@pytest.mark.parametrize("verb", ["retire", "delete"])
async def test_an_unknown_key_is_named(place: Place, verb: str) -> None:
    await place.new()
    assert await place.ask(verb, kid="nope") == {"error": "there is no sealing key 'nope'"}


async def test_nats_that_is_away_is_the_answer(place: Place) -> None:
    class Gone(FakePublicKeys):
        async def all(self) -> list[KeyRecord]:
            raise Away("NATS is away")

    place.public = Gone()
    assert await place.ask("list") == {"error": "NATS is away"}


@pytest.mark.parametrize("payload", [b"{", b"[]", b'{"kid": 3}'])
async def test_a_request_that_names_no_key_is_answered_with_what_would_do(
    place: Place, payload: bytes
) -> None:
    assert "kid" in (await place.ask("retire", payload))["error"]


async def test_the_public_record_is_what_intake_reads(place: Place) -> None:
    record = KeyRecord.model_validate(await place.ask("new"))
    assert record == place.public.records[record.key.kid]
