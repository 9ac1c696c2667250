"""A registration that is sent again is answered as stored only if its scan was stored in this very stream."""

import json

import pytest
from nats.js.api import StreamConfig

from tests.integration.intake.conftest import ID, Intake
from tests.integration.intake.test_purged import purge
from tests.integration.rig import Rig, until

SERVER = "dcoa-ra07u45"

pytestmark = pytest.mark.usefixtures("private")


async def configured(rig: Rig, **changed: float) -> None:
    """The stream of events, with another bound."""
    jetstream = rig.client.jetstream()
    config = (await jetstream.stream_info("ONBOARDING")).config
    await jetstream.update_stream(StreamConfig(**{**config.__dict__, **changed}))


async def sent_again(intake: Intake) -> tuple[int, bool, list[str]]:
    """How the second telling is answered: its status, whether as a repeated one, and the scans that stand."""
    answer = await intake.register(onboarding_id=ID)
    return answer.status_code, "password_compared" in answer.json(), [s.id for s in await intake.scans()]


async def test_a_scan_that_was_purged_is_stored_when_it_is_sent_again(rig: Rig, intake: Intake) -> None:
    await configured(rig, duplicate_window=0.1)
    await intake.register(onboarding_id=ID)
    [scan] = await intake.scans()
    await purge(rig, SERVER)
    await forgotten(rig)
    assert await sent_again(intake) == (202, False, [scan.id])
    assert await sent_again(intake) == (202, True, [scan.id])


async def forgotten(rig: Rig) -> None:
    """Wait until NATS remembers no id of a message that stands now."""

    async def probed() -> bool:
        _, duplicate = await rig.stream.publish("onboarding.probe", b"", {}, id="probe")
        return not duplicate

    assert await probed()
    await until(probed)


async def test_a_scan_that_nats_still_remembers_is_refused_once_it_was_purged(
    rig: Rig, intake: Intake
) -> None:
    await intake.register(onboarding_id=ID)
    await purge(rig, SERVER)
    answer = await intake.register(onboarding_id=ID)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:onramp:problem:id-taken")
    assert "was purged: scan it again" in answer.json()["detail"]
    assert await intake.scans() == []


async def test_a_scan_is_stored_again_when_the_stream_was_lost_and_the_claims_were_not(
    rig: Rig, intake: Intake
) -> None:
    await intake.register(device_name="another")
    await intake.register(onboarding_id=ID)
    [_, scan] = await intake.scans()
    await rig.client.jetstream().delete_stream("ONBOARDING")
    await rig.apply()
    assert await sent_again(intake) == (202, False, [scan.id])
    assert await sent_again(intake) == (202, True, [scan.id])


async def test_a_scan_that_newer_ones_pushed_out_of_the_stream_is_not_stored_again(
    rig: Rig, intake: Intake
) -> None:
    await configured(rig, max_msgs_per_subject=1)
    await intake.register(onboarding_id=ID)
    await intake.register()
    [newer] = await intake.scans()
    assert await sent_again(intake) == (202, True, [newer.id])


async def test_another_password_for_an_id_of_intakes_own_is_said_not_to_be_looked_at(intake: Intake) -> None:
    first = (await intake.register(bmc_password="old")).json()
    again = await intake.register(bmc_password="new", onboarding_id=first["onboarding_id"])
    assert (again.status_code, again.json()) == (202, {**first, "password_compared": False})
    assert len(await intake.scans()) == 1


async def test_a_scan_whose_claim_stayed_open_is_found_below_newer_ones_when_nats_has_forgotten_it(
    rig: Rig, intake: Intake
) -> None:
    """Intake died before it completed the claim, and the phone comes again a year later."""
    await configured(rig, duplicate_window=0.1)
    await intake.register(onboarding_id=ID)
    await intake.register()
    scans = [scan.id for scan in await intake.scans()]
    await forgotten(rig)
    await reopened(rig)
    assert await sent_again(intake) == (202, True, scans)


async def reopened(rig: Rig) -> None:
    """Leave the claim as it stood before the scan was known to be stored."""
    claims = await rig.client.jetstream().key_value("CLAIMS")
    claim = json.loads((await claims.get(ID)).value or b"")
    await claims.put(ID, json.dumps({**claim, "sequence": None}).encode())
