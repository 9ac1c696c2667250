"""The newest scan wins, a client's id stands for one registration, and what NATS does not take is a 503."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from nats.js.api import StreamConfig

from events.store_errors import Overtaken
from events.stream import Expected, Stream
from events.subjects import event_subject
from events.types import ServerScanned
from events.values import ServerName, SiteToken
from intake.claims import CLAIMS, Claim, Claims
from intake.fields import CLIENT_AHEAD
from intake.stores import Stores
from tests.integration.intake.conftest import ANYTHING, ID, Intake
from tests.integration.rig import Rig, now, until

OTHER = "01a1fc6f-a3ea-7c4e-a3da-fce4f6eba440"
EARLY, MIDDLE, LATE = (f"2026-01-0{day}T00:00:00Z" for day in (1, 2, 3))

pytestmark = pytest.mark.usefixtures("private")


async def test_an_older_scan_is_a_409_that_names_the_newer(intake: Intake) -> None:
    newer = (await intake.register(scanned_at=LATE)).json()["onboarding_id"]
    answer = await intake.register(scanned_at=MIDDLE)
    assert (answer.status_code, answer.json()["newer"]) == (409, newer)
    assert "2026-01-03" in answer.json()["detail"]
    assert len(await intake.scans()) == 1


async def test_an_older_scan_of_the_same_server_at_another_site_is_found_too(intake: Intake) -> None:
    await intake.register(scanned_at=LATE, site="dcoa")
    assert (await intake.register(scanned_at=MIDDLE, site="dcob")).status_code == 409


async def test_a_scan_without_a_time_counts_from_when_it_was_stored(intake: Intake) -> None:
    await intake.register()
    assert (await intake.register(scanned_at=EARLY)).status_code == 409
    assert (await intake.register(scanned_at=now().isoformat())).status_code == 202


async def test_a_scan_by_a_clock_far_ahead_is_refused(intake: Intake) -> None:
    ahead = (now() + CLIENT_AHEAD + timedelta(minutes=1)).isoformat()
    answer = await intake.register(scanned_at=ahead)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "scanned_at")


async def test_a_stored_scan_by_a_clock_far_ahead_keeps_later_ones_out_for_minutes_only(
    rig: Rig, intake: Intake
) -> None:
    await intake.register()
    told = (await intake.newest()).model_copy(update={"onboarding_id": UUID(ID)})
    await rig.publish(told.model_copy(update={"scanned_at": now() + timedelta(days=9999)}))
    later = (now() + CLIENT_AHEAD).isoformat()
    assert (await intake.register(scanned_at=later)).status_code == 202


async def test_supersede_sends_an_older_scan_all_the_same(intake: Intake) -> None:
    await intake.register(scanned_at=LATE)
    assert (await intake.register(scanned_at=EARLY, supersede=True, serial="S1")).status_code == 202
    assert (await intake.newest()).registration.serial == "S1"


async def test_the_newest_is_the_last_in_the_stream_whatever_its_time(intake: Intake) -> None:
    await intake.register(scanned_at=LATE)
    await intake.register(scanned_at=EARLY, supersede=True)
    assert (await intake.register(scanned_at=MIDDLE)).status_code == 202


async def test_the_same_time_is_not_older(intake: Intake) -> None:
    assert [(await intake.register(scanned_at=LATE)).status_code for _ in range(2)] == [202, 202]


async def test_every_scan_of_a_race_is_published_after_the_one_before(rig: Rig, intake: Intake) -> None:
    replicas = [intake, Intake(rig), Intake(rig)]
    answers = await asyncio.gather(*(replica.register() for replica in replicas))
    assert {answer.status_code for answer in answers} == {202}
    scans = await intake.scans()
    checks = [int(scan.headers["Nats-Expected-Last-Subject-Sequence"]) for scan in scans]
    assert checks == [0, *(scan.sequence for scan in scans[:-1])]


async def test_an_id_sent_again_is_stored_once(rig: Rig, intake: Intake) -> None:
    first = await intake.register(onboarding_id=ID)
    again = await Intake(rig).register(onboarding_id=ID, bmc_password="another", supersede=True)
    assert again.status_code == 202
    assert again.json() == {**first.json(), "password_compared": False}
    assert len(await intake.scans()) == 1


async def test_an_id_sent_again_is_answered_although_a_newer_scan_stands(intake: Intake) -> None:
    await intake.register(onboarding_id=ID, scanned_at=EARLY)
    await intake.register(scanned_at=LATE)
    assert (await intake.register(onboarding_id=ID, scanned_at=EARLY)).status_code == 202


async def test_an_id_sent_again_is_answered_although_no_key_is_left(
    intake: Intake, private: dict[str, str]
) -> None:
    await intake.register(onboarding_id=ID)
    await (await intake.rig.client.jetstream().key_value("KEYS")).delete(private["kid"])
    assert (await intake.register(onboarding_id=ID)).status_code == 202


async def test_the_same_id_for_another_record_is_a_409(intake: Intake) -> None:
    await intake.register(onboarding_id=ID)
    answer = await intake.register(onboarding_id=ID, serial="S1")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:onramp:problem:id-taken")
    assert len(await intake.scans()) == 1


@pytest.mark.parametrize("server", ["dcoa-ra07u45", "dcoa-ra07u46"])
async def test_an_id_of_intakes_own_is_no_other_registrations(intake: Intake, server: str) -> None:
    taken = (await intake.register()).json()["onboarding_id"]
    answer = await intake.register(onboarding_id=taken, device_name=server, serial="S1")
    assert answer.status_code == 409


async def test_an_id_of_intakes_own_is_no_other_servers_though_all_else_is_the_same(intake: Intake) -> None:
    taken = (await intake.register()).json()["onboarding_id"]
    assert (await intake.register(onboarding_id=taken, device_name="dcoa-ra07u46")).status_code == 409


async def test_a_newest_scan_that_cant_be_read_keeps_no_other_out(intake: Intake) -> None:
    await _unreadable(intake)
    assert (await intake.register(scanned_at=EARLY)).status_code == 202


async def test_an_id_that_a_scan_has_which_cant_be_read_is_taken(intake: Intake) -> None:
    await _unreadable(intake)
    answer = await intake.register(onboarding_id=ID)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:onramp:problem:id-taken")


async def test_where_others_are_always_first_it_is_a_503(intake: Intake) -> None:
    class Contended(Stream):
        async def publish(self, *_message: Any, **_more: Any) -> tuple[int, bool]:
            raise Overtaken("wrong last sequence")

    stream = Contended(intake.rig.client)
    intake.stores = Stores.on(stream, intake.settings)
    answer = await intake.register()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "scanned by others" in answer.json()["detail"]


async def test_an_id_of_intakes_own_stays_that_after_the_duplicate_window(intake: Intake) -> None:
    jetstream = intake.rig.client.jetstream()
    config = (await jetstream.stream_info("ONBOARDING")).config
    await jetstream.update_stream(StreamConfig(**{**config.__dict__, "duplicate_window": 0.1}))
    taken = (await intake.register()).json()["onboarding_id"]

    async def forgotten() -> bool:
        _, duplicate = await intake.rig.stream.publish("onboarding.probe", b"", {}, id="probe")
        return not duplicate

    assert await forgotten()
    await until(forgotten)
    assert (await intake.register(onboarding_id=taken, serial="S1")).status_code == 409


async def test_an_id_sent_twice_at_once_is_stored_once(rig: Rig, intake: Intake) -> None:
    replicas = [intake, Intake(rig), Intake(rig)]
    answers = await asyncio.gather(*(replica.register(onboarding_id=ID) for replica in replicas))
    assert {answer.status_code for answer in answers} == {202}
    assert len(await intake.scans()) == 1


async def test_a_completed_claim_says_where_the_scan_stands(intake: Intake) -> None:
    await intake.register(onboarding_id=ID, site="dcoa")
    assert await _claimed(intake) == ("dcoa-ra07u45", "dcoa", (await intake.scans())[-1].sequence)


async def test_a_claim_that_is_complete_is_not_written_again(intake: Intake) -> None:
    for _ in range(2):
        await intake.register(onboarding_id=ID)
    assert len(await intake.rig.stored("$KV.CLAIMS.*", CLAIMS)) == 1
    info = await intake.rig.client.jetstream().stream_info(CLAIMS)
    assert info.state.last_seq == 2


async def test_a_claim_that_another_completed_is_left_as_it_is(intake: Intake) -> None:
    claims = Claims(_claims(intake))
    claimed = await claims.make(UUID(ID), Claim(server=ServerName("s1"), site=SiteToken("_"), digest="d"))
    for sequence in (5, 9):
        await claims.complete(UUID(ID), claimed, sequence)
    assert (await _claimed(intake))[2] == 5


async def test_a_claim_left_open_before_the_publish_is_published(intake: Intake) -> None:
    await _die_after_the_claim(intake)
    answer = await intake.register(onboarding_id=ID)
    assert (answer.status_code, "password_compared" in answer.json()) == (202, False)
    assert [scan.onboarding_id for scan in await intake.scans()] == [ID]


async def test_a_claim_left_open_after_the_publish_is_found(intake: Intake) -> None:
    await intake.register(onboarding_id=ID)
    await _reopen_the_claim(intake)
    await intake.register(onboarding_id=OTHER)
    answer = await intake.register(onboarding_id=ID)
    assert (answer.status_code, answer.json()["password_compared"]) == (202, False)
    assert len(await intake.scans()) == 2
    assert (await _claimed(intake))[2] == (await intake.scans())[0].sequence


async def test_a_claim_left_open_keeps_the_site_that_it_was_made_with(intake: Intake) -> None:
    await _die_after_the_claim(intake, site="Oslo")
    await intake.put("REFERENCE", "sites", [{"name": "Oslo", "slug": "osl1"}])
    await intake.register(onboarding_id=ID, site="Oslo")
    assert (await intake.newest()).site == "oslo"


async def test_a_refused_scan_claims_nothing(intake: Intake) -> None:
    await intake.register(scanned_at=LATE)
    await intake.register(onboarding_id=ID, scanned_at=EARLY)
    assert await Claims(_claims(intake)).find(UUID(ID)) is None


@pytest.mark.parametrize("name", ["ONBOARDING", "KV_CLAIMS", "KV_KEYS"])
async def test_a_missing_stream_is_a_503(intake: Intake, name: str) -> None:
    await intake.rig.client.jetstream().delete_stream(name)
    answer = await Intake(intake.rig, patience=0.5).register(onboarding_id=ID)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_a_full_stream_is_a_503(intake: Intake) -> None:
    await intake.register()
    jetstream = intake.rig.client.jetstream()
    info = await jetstream.stream_info("ONBOARDING")
    full = StreamConfig(**{**info.config.__dict__, "max_bytes": 1, "discard": "new"})
    await jetstream.update_stream(full)
    assert (await intake.register()).status_code == 503


async def test_while_nats_is_away_everything_is_a_503_and_then_goes_on(rig: Rig, intake: Intake) -> None:
    hasty = Intake(rig, patience=0.5)
    rig.server.kill()
    for answer in (
        await hasty.register(),
        await hasty.http.get("/api/v1/servers/dcoa-ra07u45/status"),
        await hasty.http.get("/api/v1/keys"),
    ):
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "5"
    rig.server.start()

    async def taken() -> bool:
        return (await intake.register()).status_code == 202

    await until(taken)


async def _unreadable(intake: Intake) -> None:
    """A scan of the server that nothing can be read of but its id."""
    subject = event_subject(ServerScanned.name, "_", ANYTHING["device_name"])
    await intake.rig.stream.publish(subject, b"{", {"ce-onboardingid": ID}, id="unreadable")


async def _die_after_the_claim(intake: Intake, **fields: str) -> None:
    """As if intake had died between the claim and the publish: the stream takes nothing meanwhile."""
    jetstream = intake.rig.client.jetstream()
    info = await jetstream.stream_info("ONBOARDING")
    config = info.config
    await jetstream.update_stream(StreamConfig(**{**config.__dict__, "max_msg_size": 1}))
    await Intake(intake.rig, patience=0.5).register(onboarding_id=ID, **fields)
    assert (await _claimed(intake))[2] is None
    await jetstream.update_stream(config)


async def _reopen_the_claim(intake: Intake) -> None:
    """As if intake had died before it completed the claim."""
    claimed = await Claims(_claims(intake)).find(UUID(ID))
    assert claimed is not None
    data = claimed.claim.model_copy(update={"sequence": None}).model_dump_json().encode()
    await _claims(intake).publish(
        f"$KV.CLAIMS.{ID}", data, {}, id="reopened", expected=Expected(claimed.revision)
    )


async def _claimed(intake: Intake) -> tuple[str, str, int | None]:
    claimed = await Claims(_claims(intake)).find(UUID(ID))
    assert claimed is not None
    return claimed.claim.server, claimed.claim.site, claimed.claim.sequence


def _claims(intake: Intake) -> Stream:
    return Stream(intake.rig.client, CLAIMS)
