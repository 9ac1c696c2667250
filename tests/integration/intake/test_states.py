"""How servers stand, as the API tells it: in a list, one by one, event by event."""

from uuid import UUID, uuid4

import pytest

from events.types import StepFailed
from tests.integration.intake.conftest import Intake
from tests.integration.rig import ready, recorded, until

BY_NETBOX = {"ce-source": "/onramp/netbox_sync"}
FAILED = {
    "step": "netbox_sync",
    "reason": "held by s9",
    "error_type": "Refuse",
    "culprit": "s9",
    "attempt": 1,
    "dead_letter": "dead.netbox_sync.dcoa.s1.1",
}


async def caught_up(live: Intake) -> None:
    """Until the projection has all that stands."""
    last = await live.rig.stream.last("onboarding.*.*.*")
    assert last is not None
    await until(lambda: live.stores.projection.position.sequence >= last.sequence)


async def fleet(live: Intake) -> None:
    """s1 failed, s2 is ready, s3 and s4 are on their way."""
    scans = {name: await live.rig.scan(name) for name in ("s1", "s2", "s3", "s4")}
    for event in (recorded(scans["s2"]), ready(scans["s2"]), recorded(scans["s3"])):
        await live.rig.publish(event, **BY_NETBOX)
    about = {"onboarding_id": scans["s1"].onboarding_id, "server": "s1", "site": "dcoa"}
    await live.rig.publish(StepFailed.model_validate({**about, **FAILED}))
    await caught_up(live)


async def listed(live: Intake, query: str = "") -> list[str]:
    answer = await live.http.get(f"/api/v1/servers?{query}")
    assert answer.status_code == 200, answer.text
    return [server["server"] for server in answer.json()["servers"]]


async def test_a_server_in_the_list(live: Intake) -> None:
    scan = await live.rig.scan("s1")
    await live.rig.publish(recorded(scan), **BY_NETBOX)
    await caught_up(live)
    answer = (await live.http.get("/api/v1/servers")).json()
    [server] = answer["servers"]
    assert server.pop("scanned_at") < server.pop("changed_at")
    assert server == {
        "server": "s1",
        "site": "dcoa",
        "onboarding_id": str(scan.onboarding_id),
        "state": "in-progress",
        "status": "registered",
        "step": "vault_writer",
        "reason": "as told",
    }
    assert answer["next"] is None


@pytest.mark.parametrize(
    ("query", "servers"),
    [
        ("", ["s1", "s2", "s3", "s4"]),
        ("state=failed", ["s1"]),
        ("state=&site=", ["s1", "s2", "s3", "s4"]),
        ("site=dcoa&step=vault_writer", ["s3"]),
        ("site=other", []),
        ("text=S3", ["s3"]),
        ("sort=-server", ["s4", "s3", "s2", "s1"]),
        ("sort=-changed_at", ["s1", "s3", "s2", "s4"]),
        ("limit=2", ["s1", "s2"]),
    ],
)
async def test_the_list_is_filtered_and_sorted(live: Intake, query: str, servers: list[str]) -> None:
    await fleet(live)
    assert await listed(live, query) == servers


async def test_the_cursor_leads_to_the_next_page(live: Intake) -> None:
    await fleet(live)
    first = (await live.http.get("/api/v1/servers?limit=3")).json()
    assert await listed(live, f"limit=3&cursor={first['next']}") == ["s4"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=lost", "state"),
        ("sort=reason", "sort"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("cursor=x", "cursor"),
        (f"text={'x' * 65}", "text"),
    ],
)
async def test_a_query_that_wont_do_is_refused_naming_the_parameter(
    live: Intake, query: str, field: str
) -> None:
    answer = await live.http.get(f"/api/v1/servers?{query}")
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:onramp:problem:bad-parameter")
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_until_it_has_caught_up_a_replica_says_to_come_again(intake: Intake) -> None:
    answer = await intake.http.get("/api/v1/servers")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:onramp:problem:not-caught-up")
    assert answer.headers["Retry-After"]


async def test_a_status_has_our_words_and_the_former_servers(live: Intake) -> None:
    await fleet(live)
    status = (await live.http.get("/api/v1/servers/s1/status")).json()
    assert (status["state"], status["status"], status["superseded_by"]) == ("failed", "failed", None)
    assert status["steps"][0]["culprit"] == "s9"


async def test_an_onboarding_is_found_by_its_id_as_soon_as_it_is_accepted(
    live: Intake, private: dict[str, str]
) -> None:
    accepted = (await live.register()).json()
    status = (await live.http.get(f"/api/v1/servers/{accepted['onboarding_id']}/status")).json()
    assert (status["server"], status["onboarding_id"]) == (accepted["server"], accepted["onboarding_id"])


async def test_a_superseded_onboarding_says_by_which(live: Intake) -> None:
    old = await live.rig.scan("s1")
    await live.rig.publish(recorded(old), **BY_NETBOX)
    new = await live.rig.scan("s1")
    await caught_up(live)
    found = (await live.http.get(f"/api/v1/servers/{old.onboarding_id}/status")).json()
    assert (found["onboarding_id"], found["superseded_by"]) == (
        str(old.onboarding_id),
        str(new.onboarding_id),
    )
    assert [step["state"] for step in found["steps"]] == ["done", "waiting", "waiting", "waiting"]


async def test_a_superseded_onboarding_whose_events_are_gone_is_not_found(live: Intake) -> None:
    old, _ = await live.rig.scan("s1"), await live.rig.scan("s1")
    await caught_up(live)
    await live.rig.client.jetstream().purge_stream("ONBOARDING", seq=2)
    answer = await live.http.get(f"/api/v1/servers/{old.onboarding_id}/status")
    assert (answer.status_code, "stand no more" in answer.json()["detail"]) == (404, True)


@pytest.mark.parametrize("path", ["status", "timeline"])
@pytest.mark.parametrize("named", ["s9", str(UUID(int=9)), "no name"])
async def test_what_was_never_scanned_is_not_found(live: Intake, named: str, path: str) -> None:
    answer = await live.http.get(f"/api/v1/servers/{named}/{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:onramp:problem:unknown-server")


async def test_the_timeline_has_every_event_in_order_without_the_seal(live: Intake) -> None:
    scan = await live.rig.scan("s1")
    await live.rig.publish(recorded(scan), **BY_NETBOX)
    await live.rig.scan("s2")
    answer = await live.http.get("/api/v1/servers/s1/timeline")
    events = answer.json()["events"]
    assert [(e["sequence"], e["event"], e["source"]) for e in events] == [
        (1, "server-scanned", "test"),
        (2, "device-recorded", "netbox_sync"),
    ]
    assert events[1]["data"]["reason"] == "as told"
    assert "sealed" not in answer.text


async def test_the_timeline_of_an_onboarding_has_no_other_ones_events(live: Intake) -> None:
    old, new = await live.rig.scan("s1"), await live.rig.scan("s1")
    await live.rig.publish(recorded(new), **BY_NETBOX)
    await caught_up(live)
    events = {
        scan.onboarding_id: (await live.http.get(f"/api/v1/servers/{scan.onboarding_id}/timeline")).json()
        for scan in (old, new)
    }
    assert [e["sequence"] for e in events[old.onboarding_id]["events"]] == [1]
    assert [e["sequence"] for e in events[new.onboarding_id]["events"]] == [2, 3]


@pytest.mark.parametrize("payload", [b"{", b'["sealed"]'])
async def test_an_event_that_cant_be_read_stands_in_the_timeline_without_data(
    live: Intake, payload: bytes
) -> None:
    await live.rig.stream.publish("onboarding.server-scanned.dcoa.s1", payload, {}, id=str(uuid4()))
    [event] = (await live.http.get("/api/v1/servers/s1/timeline")).json()["events"]
    assert (event["event"], event["data"]) == ("server-scanned", None)


async def test_asyncapi_names_every_event(intake: Intake) -> None:
    document = (await intake.http.get("/asyncapi")).json()
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"]["server-ready"]["address"] == "onboarding.server-ready.{site}.{server}"


async def test_openapi_tells_the_query_of_the_list(intake: Intake) -> None:
    document = (await intake.http.get("/openapi.json")).json()
    parameters = document["paths"]["/api/v1/servers"]["get"]["parameters"]
    assert {p["name"] for p in parameters} == {"site", "state", "step", "text", "sort", "limit", "cursor"}
    assert "$ref" not in str(parameters)
