"""What the command line does to a dead letter can be done over HTTP, by operators, under their names."""

import asyncio

import httpx
import pytest

from events.errors import Refuse
from events.orders import Orders
from events.replays import Replays
from events.store_errors import Overtaken
from events.types import DeviceRecorded, Event, OnboardingDiscarded
from tests.integration.intake.signin.conftest import Guarded, is_problem
from tests.integration.rig import recorded, until

PATH = "/api/v1/dead-letters"


class Backend:
    """A step that refuses until somebody mends what it works on."""

    def __init__(self) -> None:
        self.mended = False
        self.may_go = asyncio.Event()
        self.may_go.set()

    async def do(self, event: Event, orders: Orders) -> Event:
        await self.may_go.wait()
        if not self.mended:
            raise Refuse("RB06 U31 is held by old", culprit="old")
        return recorded(event)


@pytest.fixture
async def backend(guarded: Guarded) -> Backend:
    """One whose first server has failed."""
    backend = Backend()
    await guarded.rig.run(netbox_sync=backend.do)
    await _fail(guarded, "dcoa-ra01u01")
    return backend


async def _fail(guarded: Guarded, server: str) -> None:
    await guarded.rig.scan(server)
    await until(lambda: guarded.rig.acked("netbox_sync"))


async def _only(script: httpx.AsyncClient) -> int:
    [letter] = (await script.get(PATH)).json()["dead_letters"]
    return int(letter["id"])


async def test_what_waits_for_an_operator_is_listed_without_what_it_holds(
    guarded: Guarded, backend: Backend
) -> None:
    answer = await guarded.script_of("vera").get(PATH)
    [letter] = answer.json()["dead_letters"]
    assert (letter["step"], letter["server"], letter["site"]) == ("netbox_sync", "dcoa-ra01u01", "dcoa")
    assert (letter["reason"], letter["culprit"]) == ("RB06 U31 is held by old", "old")
    assert letter["superseded"] is False
    assert "sealed" not in answer.text


async def test_pages_tell_all_of_them_once(guarded: Guarded, backend: Backend) -> None:
    await _fail(guarded, "dcoa-ra01u02")
    await _fail(guarded, "dcoa-ra01u03")
    script = guarded.script_of("vera")
    first = (await script.get(PATH, params={"limit": 2})).json()
    last = (await script.get(PATH, params={"limit": 2, "after": first["next"]})).json()
    servers = [letter["server"][-2:] for page in (first, last) for letter in page["dead_letters"]]
    assert servers == ["01", "02", "03"]
    assert last["next"] is None
    assert (await script.get(PATH, params={"after": 2**53})).json() == {"dead_letters": [], "next": None}
    assert (await script.get(PATH, params={"after": 2**64})).status_code == 422


async def test_a_newer_scan_is_said(guarded: Guarded, backend: Backend) -> None:
    backend.mended = True
    await _fail(guarded, "dcoa-ra01u01")
    [letter] = (await guarded.script_of("vera").get(PATH)).json()["dead_letters"]
    assert letter["superseded"] is True


async def test_a_replay_gets_it_through_under_the_operators_name(guarded: Guarded, backend: Backend) -> None:
    script = guarded.script_of("olga")
    backend.mended = True
    answer = await script.post(f"{PATH}/{await _only(script)}/replay", json={"reason": "old is out"})
    assert (answer.status_code, answer.json()["by"]) == (202, "olga")
    await until(lambda: guarded.rig.acked("netbox_sync"))
    assert len(await guarded.rig.told(DeviceRecorded)) == 1
    [operation] = await guarded.rig.stored("operations.replay.>", "OPERATIONS")
    assert b'"olga"' in operation.data
    assert b'"old is out"' in operation.data


async def test_a_second_operator_is_told_who_was_first(guarded: Guarded, backend: Backend) -> None:
    script = guarded.script_of("olga")
    path = f"{PATH}/{await _only(script)}"
    backend.may_go.clear()
    assert (await script.post(f"{path}/replay", json={"reason": "try"})).status_code == 202
    for verb in ("replay", "discard"):
        answer = await script.post(f"{path}/{verb}", json={"reason": "me too"})
        assert is_problem(answer, 409, "replay-in-flight")
        assert "olga" in answer.json()["detail"]
    backend.may_go.set()
    await until(lambda: guarded.rig.acked("netbox_sync"))


@pytest.mark.parametrize("verb", ["replay", "discard"])
async def test_whoever_is_overtaken_by_another_is_told_to_look_again(
    guarded: Guarded, backend: Backend, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def overtaken(*_asked: object) -> None:
        raise Overtaken("wrong last sequence")

    monkeypatch.setattr(Replays, verb, overtaken)
    script = guarded.script_of("olga")
    answer = await script.post(f"{PATH}/{await _only(script)}/{verb}", json={"reason": "me too"})
    assert is_problem(answer, 409, "replay-in-flight")
    assert "look again" in answer.json()["detail"]


async def test_a_discard_ends_the_onboarding_and_says_who_and_why(guarded: Guarded, backend: Backend) -> None:
    script = guarded.script_of("olga")
    answer = await script.post(f"{PATH}/{await _only(script)}/discard", json={"reason": "scrapped"})
    assert answer.status_code == 200
    [end] = await guarded.rig.told(OnboardingDiscarded)
    assert isinstance(end, OnboardingDiscarded)
    assert (end.by, end.reason) == ("olga", "scrapped")
    assert (await script.get(PATH)).json() == {"dead_letters": [], "next": None}


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": 7}, {"reason": "x" * 300}])
async def test_without_a_reason_nothing_is_done(
    guarded: Guarded, backend: Backend, body: dict[str, object]
) -> None:
    script = guarded.script_of("olga")
    answer = await script.post(f"{PATH}/{await _only(script)}/discard", json=body)
    assert is_problem(answer, 422, "no-reason")
    assert await guarded.rig.told(OnboardingDiscarded) == []


async def test_one_that_does_not_stand_is_a_404(guarded: Guarded) -> None:
    answer = await guarded.script_of("olga").post(f"{PATH}/77/replay", json={"reason": "x"})
    assert is_problem(answer, 404, "no-dead-letter")


async def test_one_that_no_step_gave_up_is_listed_and_can_only_be_discarded(guarded: Guarded) -> None:
    foreign = (await guarded.rig.client.jetstream().publish("dead.by.hand", b"junk")).seq
    script = guarded.script_of("olga")
    assert await _only(script) == foreign
    answer = await script.post(f"{PATH}/{foreign}/replay", json={"reason": "x"})
    assert is_problem(answer, 409, "no-step")
    assert "discard it" in answer.json()["detail"]
    assert (await script.post(f"{PATH}/{foreign}/discard", json={"reason": "x"})).status_code == 200
    assert await guarded.rig.dead_letters() == []


@pytest.mark.parametrize("address", [f"{PATH}?limit=all", f"{PATH}?limit=0", f"{PATH}?after=-1"])
async def test_a_page_that_cannot_be_is_refused(guarded: Guarded, address: str) -> None:
    assert is_problem(await guarded.script_of("vera").get(address), 422, "bad-parameter")


@pytest.mark.parametrize("id", ["x", "0", str(10**30)])
async def test_an_id_that_is_none_is_refused(guarded: Guarded, id: str) -> None:
    answer = await guarded.script_of("olga").post(f"{PATH}/{id}/discard", json={"reason": "x"})
    assert is_problem(answer, 422, "bad-parameter")
