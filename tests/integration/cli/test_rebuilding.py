"""`replay --step`: a step is run again for servers that passed it, and followed until it has ended."""

import asyncio

import pytest

from events.errors import Refuse, Retry, StepError
from events.operations import Operations
from events.orders import Orders
from events.replays import Replays
from events.seal import KeyRecord, new_private_key, public_part, seal
from events.types import AddressReserved, CredentialsStored, Event, ServerScanned
from events.values import MacAddress
from events.verdicts import Would
from onramp.cli.acks import Acks
from onramp.cli.replaying import Order, Outcome, Replaying
from tests.integration.cli.conftest import Answers, Cli, enrolled, verdict
from tests.integration.rig import Rig, recorded, until


class Kea:
    """A step that does it, until a server has trouble."""

    def __init__(self) -> None:
        self.trouble: dict[str, StepError] = {}

    async def do(self, event: Event, _orders: Orders) -> Event:
        if trouble := self.trouble.get(event.server):
            raise trouble
        return AddressReserved(**dict(event))


@pytest.fixture
def kea() -> Kea:
    return Kea()


async def test_a_rebuild_sends_what_was_lost_and_lists_the_rest(
    rig: Rig, cli: Cli, answering: Answers, kea: Kea
) -> None:
    for server in ("lost-1", "rotated-1", "same-1"):
        await enrolled(rig, server)
    await rig.scan("late-1")
    kinds = {"lost": Would.CREATE, "rotated": Would.CHANGE, "same": Would.NOTHING}
    await answering(kea_sync=lambda question: verdict(kinds[question.server.split("-")[0]]))
    await rig.run(kea_sync=kea.do)
    lines = await cli.json("replay", "--step", "kea_sync", "--why", "lost its disk")
    assert {line["server"]: (line["state"], line["outcome"]) for line in lines} == {
        "lost-1": ("lost", "succeeded"),
        "rotated-1": ("differs", ""),
        "same-1": ("already so", ""),
        "late-1": ("not passed", ""),
    }
    [sent] = await rig.stored("onboarding.replay.>")
    assert sent.subject == "onboarding.replay.kea_sync.dcoa.lost-1"


async def test_overwrite_sends_what_differs_too(rig: Rig, cli: Cli, answering: Answers, kea: Kea) -> None:
    await enrolled(rig)
    await rig.run(kea_sync=kea.do)
    await answering(kea_sync=lambda _: verdict(Would.CHANGE))
    [line] = await cli.json("replay", "--step", "kea_sync", "--overwrite", "--server", "dcoa-ra01u01")
    assert (line["state"], line["outcome"]) == ("differs", "succeeded")


async def test_the_dry_run_of_a_rebuild_shows_the_difference_and_sends_nothing(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await enrolled(rig)
    await answering(kea_sync=lambda _: verdict(Would.CREATE, "x", "kea_sync", "kea-a reserves 10.16.28.78"))
    shown = (await cli("replay", "--step", "kea_sync", "--dry-run")).stdout
    assert "would be sent" in shown
    assert "kea-a reserves 10.16.28.78" in shown
    assert await rig.stored("onboarding.replay.>") == []


async def test_a_password_that_no_key_opens_is_listed_as_scan_again(
    rig: Rig, cli: Cli, answering: Answers
) -> None:
    await _sealed(rig, "gone-1", "gone-key")
    key = await _sealed(rig, "kept-1", "kept-key")
    await rig.client.jetstream().publish("$KV.KEYS.kept-key", key.model_dump_json().encode())
    await answering(vault_writer=lambda _: verdict(Would.CREATE, step="vault_writer"))
    lines = await cli.json("replay", "--step", "vault_writer", "--dry-run", code=1)
    assert {line["server"]: line["state"] for line in lines} == {"gone-1": "scan again", "kept-1": "lost"}


async def test_an_unknown_step_is_wrong_usage(cli: Cli) -> None:
    assert "no such step" in (await cli("replay", "--step", "nope", code=2)).stderr


async def test_a_rebuild_that_fails_again_names_the_new_dead_letter(
    rig: Rig, cli: Cli, answering: Answers, kea: Kea
) -> None:
    for server in ("refused-1", "lost-1"):
        await enrolled(rig, server)
    await answering(kea_sync=lambda _: verdict(Would.CREATE))
    await rig.run(kea_sync=kea.do)
    await until(lambda: rig.acked("kea_sync"))
    kea.trouble["refused-1"] = Refuse("another's reservation", culprit="other-bmc")
    lost, refused = await cli.json("replay", "--step", "kea_sync", code=1)
    assert (lost["outcome"], lost["dead_letter"]) == ("succeeded", None)
    letters = {letter.id: letter for letter in await rig.dead_letters()}
    assert (refused["outcome"], refused["reason"]) == ("failed again", "another's reservation")
    assert letters[refused["dead_letter"]].server == "refused-1"


async def test_one_that_waits_holds_up_nobody_and_is_told_when_the_rest_is_broken_off(
    rig: Rig, kea: Kea
) -> None:
    for server in ("waiting-1", "lost-1"):
        await enrolled(rig, server)
    await rig.run(kea_sync=kea.do)
    await until(lambda: rig.acked("kea_sync"))
    kea.trouble["waiting-1"] = Retry("kea-a does not answer")
    reported: list[Outcome] = []
    replaying = Replaying(rig.stream, rate=50)
    orders = [_again(rig, server) for server in ("waiting-1", "lost-1")]
    following = asyncio.create_task(replaying.follow(orders, reported.extend, quiet=True))
    await until(lambda: len(replaying.going) == 2)
    await until(lambda: [outcome.server for outcome in replaying.going] == ["waiting-1"])
    following.cancel()
    await asyncio.wait([following])
    assert {outcome.server: outcome.state for outcome in reported} == {
        "waiting-1": "on its way",
        "lost-1": "succeeded",
    }


async def test_an_acknowledgement_that_was_missed_shows_in_the_floor(rig: Rig, kea: Kea) -> None:
    await enrolled(rig)
    acks = Acks(rig.stream)
    await rig.run(kea_sync=kea.do)
    sent = await _again(rig, "dcoa-ra01u01").send()
    await until(lambda: rig.acked("kea_sync"))
    assert not acks.have("kea_sync", sent.sequence)
    await acks.look("kea_sync")
    assert acks.have("kea_sync", sent.sequence)


def _again(rig: Rig, server: str) -> Order:
    replays = Replays(rig.stream, Operations(rig.stream, "ann"))
    return Order("kea_sync", server, lambda: replays.again("kea_sync", "credentials-stored", server, "", {}))


async def _sealed(rig: Rig, server: str, kid: str) -> KeyRecord:
    """A server whose password is sealed to a key, and that came as far as its stored credentials."""
    record = KeyRecord(key=public_part(new_private_key(kid)), made_at="2026-01-01T00:00:00Z")
    scan = await rig.scan(server)
    sealed = seal("secret", MacAddress("3c:ec:ef:a1:9c:e8"), record.key)
    assert isinstance(scan, ServerScanned)
    device = recorded(scan).model_copy(update={"sealed_password": sealed})
    await rig.publish(device, **{"ce-source": "/onramp/netbox_sync"})
    given = device.model_dump(exclude={"sealed_password"})
    stored = CredentialsStored(**given, credentials={"mount": "o", "path": server, "version": 1})
    await rig.publish(stored, **{"ce-source": "/onramp/vault_writer"})
    return record
