"""Many servers in one request: each record stands for itself, and the answer says what became of it."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from nats.js.api import StreamConfig

from events.seal import unseal
from events.types import ServerScanned
from events.values import MacAddress
from intake.imports import run
from intake.imports.formats import JSON
from intake.imports.results import Result
from intake.problems import OlderScan
from intake.scan import Scan
from tests.integration.intake.conftest import ID, MAC, Intake
from tests.integration.intake.test_canary import CANARY, FORMS
from tests.integration.rig import Rig, until

FIELD = (
    '[{"device_name": "dcoa-ra07u45", "bmc_mac": "3CECEFA19CE8", "bmc_password": "secret123",'
    ' "bmc_ip": "10.16.28.78", "site": "dcoa", "location": "ra07", "rack": "RA07", "position": 45,'
    ' "device_type": "supermicro-1u", "device_role": "k8s-worker", "bmc_prefix": "10.16.28.0/24",'
    ' "tenant": ""}]'
)

pytestmark = pytest.mark.usefixtures("private")


def record(number: int, **fields: Any) -> dict[str, Any]:
    return {
        "device_name": f"s{number}",
        "bmc_mac": f"02000000{number:04x}",
        "bmc_password": f"secret{number}",
        **fields,
    }


async def send(intake: Intake, body: object, media_type: str = "application/json") -> httpx.Response:
    content = body if isinstance(body, str | bytes) else json.dumps(body)
    return await intake.http.post(
        "/api/v1/servers/import", content=content, headers={"Content-Type": media_type}
    )


async def results(intake: Intake, body: object, media_type: str = "application/json") -> list[Any]:
    answer = await send(intake, body, media_type)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()
    assert [result["index"] for result in found] == list(range(len(found)))
    return found


async def events(intake: Intake) -> list[ServerScanned]:
    found = [stored.decoded().event for stored in await intake.scans()]
    return [event for event in found if isinstance(event, ServerScanned)]


async def test_the_record_from_the_field_is_stored(intake: Intake, private: dict[str, str]) -> None:
    [result] = await results(intake, FIELD)
    [event] = await events(intake)
    assert result == {
        "index": 0,
        "result": "accepted",
        "onboarding_id": str(event.onboarding_id),
        "server": "dcoa-ra07u45",
        "status_url": "/api/v1/servers/dcoa-ra07u45/status",
        "sequence": 1,
        "warnings": [],
    }
    assert unseal(event.sealed_password, MAC, private) == "secret123"


async def test_the_imports_id_and_the_records_index_are_on_every_scan(intake: Intake) -> None:
    answer = await send(intake, [record(0), record(1)])
    found = {(str(event.import_id), event.import_index, event.server) for event in await events(intake)}
    import_id = answer.headers["Onramp-Import-Id"]
    assert found == {(import_id, 0, "s0"), (import_id, 1, "s1")}


@pytest.mark.parametrize("media_type", ["application/yaml", "text/csv"])
async def test_yaml_and_csv_are_taken_as_text(
    intake: Intake, private: dict[str, str], media_type: str
) -> None:
    texts = {
        "application/yaml": "- device_name: s1\n  bmc_mac: 10:20:30:40:50:59\n  bmc_password: 0123\n",
        "text/csv": "\ufeffdevice_name;bmc_mac;bmc_password\r\ns1;10:20:30:40:50:59;0123\r\n",
    }
    await results(intake, texts[media_type], f"{media_type}; charset=utf-8")
    [event] = await events(intake)
    assert event.registration.bmc_mac == "10:20:30:40:50:59"
    assert unseal(event.sealed_password, MacAddress("102030405059"), private) == "0123"


async def test_one_bad_record_stops_no_other(intake: Intake) -> None:
    found = await results(intake, [record(0), record(1, bmc_mac="1.02E+11"), 12, record(3)])
    assert [result["result"] for result in found] == ["accepted", "refused", "refused", "accepted"]
    assert (found[1]["field"], "spreadsheet" in found[1]["reason"]) == ("bmc_mac", True)
    assert {event.server for event in await events(intake)} == {"s0", "s3"}


async def test_both_records_that_claim_the_same_are_refused(intake: Intake) -> None:
    found = await results(intake, [record(0), record(1), record(2, bmc_mac="02:00:00:00:00:00")])
    assert [result["result"] for result in found] == ["refused", "accepted", "refused"]
    for result in (found[0], found[2]):
        assert result["field"] == "bmc_mac"
        assert "record 0" in result["reason"]
        assert "record 2" in result["reason"]


async def test_in_csv_the_lines_are_named(intake: Intake) -> None:
    text = "device_name,bmc_mac,bmc_password\ns0,020000000000,x\n\ns0,020000000001,x\n"
    found = await results(intake, text, "text/csv")
    assert [result["line"] for result in found] == [2, 4]
    assert all("line 2" in result["reason"] and "line 4" in result["reason"] for result in found)


async def test_the_older_names_are_taken_with_a_warning(intake: Intake, private: dict[str, str]) -> None:
    old = {"device_name": "s0", "bmc_mac": MAC, "ipmi_password": " old ", "ipmi_ip": "10.16.28.78"}
    [result] = await results(intake, [old])
    assert len(result["warnings"]) == 2
    [event] = await events(intake)
    assert str(event.registration.bmc_ip) == "10.16.28.78"
    assert unseal(event.sealed_password, MAC, private) == " old "


async def test_a_scan_older_than_what_stands_is_refused(intake: Intake) -> None:
    await intake.register(device_name="s0", scanned_at="2026-01-03T00:00:00Z")
    found = await results(intake, [record(0, scanned_at="2026-01-02T00:00:00Z"), record(1)])
    assert [(result["result"], result.get("field")) for result in found] == [
        ("refused", "scanned_at"),
        ("accepted", None),
    ]


async def test_what_stands_is_replaced_under_the_check(intake: Intake) -> None:
    await send(intake, [record(0), record(1)])
    await send(intake, [record(1), record(0)])
    scans = await intake.scans()
    newest = {scan.subject: scan for scan in scans[2:]}
    for before in scans[:2]:
        check = newest[before.subject].headers["Nats-Expected-Last-Subject-Sequence"]
        assert int(check) == before.sequence


async def test_a_glance_that_is_out_of_date_leads_nobody_astray(intake: Intake) -> None:
    await intake.register(device_name="s0", scanned_at="2026-01-03T00:00:00Z")
    scan = Scan.read(record(0, scanned_at="2026-01-02T00:00:00Z"), intake.settings)
    with pytest.raises(OlderScan):
        await intake.stores.scans.store(scan, {})
    assert len(await intake.scans()) == 1


async def test_a_clients_own_id_is_stored_once(intake: Intake) -> None:
    first = await results(intake, [record(0, onboarding_id=ID)])
    again = await results(intake, [record(0, onboarding_id=ID)])
    assert again == [{**first[0], "password_compared": False}]
    other = await results(intake, [record(0, onboarding_id=ID, serial="S1")])
    assert (other[0]["result"], other[0]["field"]) == ("refused", "onboarding_id")
    assert len(await intake.scans()) == 1


async def test_ten_thousand_records_are_taken_and_one_more_is_not(intake: Intake) -> None:
    bad = [{"site": str(number)} for number in range(10_000)]
    found = await results(intake, bad)
    assert {result["result"] for result in found} == {"refused"}
    answer = await send(intake, [*bad, {}])
    assert (answer.status_code, "10000" in answer.json()["detail"]) == (413, True)


async def test_more_records_than_a_batch_are_all_stored(intake: Intake) -> None:
    number = 2 * run.BATCH * run.LANES + 1
    found = await results(intake, [record(index) for index in range(number)])
    assert [result["server"] for result in found] == [f"s{index}" for index in range(number)]
    assert {event.import_index for event in await events(intake)} == set(range(number))


async def test_a_file_of_which_nothing_can_be_taken_lets_others_have_their_turn(intake: Intake) -> None:
    batches = 20
    body = json.dumps([{}] * run.BATCH * batches).encode()
    started = await run.Import.of(body, JSON, intake.settings, None)
    refused: list[Result] = []
    storing = asyncio.create_task(started.run(intake.stores.scans, refused.append))
    seen = set()
    while not storing.done():
        await asyncio.sleep(0)
        seen.add(len(refused))
    assert len(refused) == run.BATCH * batches
    assert len(seen) > batches / run.LANES


async def test_the_size_limit_is_a_setting(rig: Rig, intake: Intake) -> None:
    small = Intake(rig, max_import_bytes=300)
    answer = await send(small, json.dumps([record(0)]).ljust(301))
    assert (answer.status_code, "300" in answer.json()["detail"]) == (413, True)
    assert (await send(small, json.dumps([record(0)]).ljust(300))).status_code == 200


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        ("{}", "application/json", 400),
        ('[{"device_name": "s0"', "application/json", 400),
        (b"bmc_mac\n\xff", "text/csv", 400),
        ("[]", "text/plain", 415),
        ("[]", "application/json; charset=latin-1", 415),
    ],
)
async def test_what_is_no_such_file_is_refused_whole(
    intake: Intake, body: str | bytes, media_type: str, status: int
) -> None:
    assert (await send(intake, body, media_type)).status_code == status
    assert await intake.scans() == []


async def test_a_file_that_breaks_off_stores_nothing(intake: Intake) -> None:
    whole = json.dumps([record(index) for index in range(500)])
    assert (await send(intake, whole[:-2])).status_code == 400
    assert await intake.scans() == []


async def test_an_empty_array_has_no_results(intake: Intake) -> None:
    assert await results(intake, "[]") == []


@pytest.mark.parametrize("name", ["ONBOARDING", "KV_KEYS"])
async def test_where_nothing_can_be_stored_it_is_a_503(intake: Intake, rig: Rig, name: str) -> None:
    await rig.client.jetstream().delete_stream(name)
    hasty = Intake(rig, patience=0.5, import_patience=0.0)
    answer = await send(hasty, [record(index) for index in range(300)])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


async def test_without_a_sealing_key_it_is_a_503(intake: Intake, private: dict[str, str]) -> None:
    await (await intake.rig.client.jetstream().key_value("KEYS")).delete(private["kid"])
    answer = await send(intake, [record(0)])
    assert (answer.status_code, "no sealing key" in answer.json()["detail"]) == (503, True)


async def test_what_nats_no_longer_takes_is_refused_and_what_it_took_stands(intake: Intake) -> None:
    await send(intake, [record(index) for index in range(5)])
    jetstream = intake.rig.client.jetstream()
    config = (await jetstream.stream_info("ONBOARDING")).config
    full = StreamConfig(**{**config.__dict__, "max_msgs": 8, "discard": "new"})
    await jetstream.update_stream(full)
    hasty = Intake(intake.rig, import_patience=0.0)
    found = await results(hasty, [record(index) for index in range(10, 20)])
    refused = [result for result in found if result["result"] == "refused"]
    assert len(refused) == 7
    assert len(await intake.scans()) == 8


async def test_an_import_outlasts_a_restart_of_nats(rig: Rig, intake: Intake) -> None:
    sending = asyncio.create_task(results(intake, [record(index) for index in range(2000)]))

    async def begun() -> bool:
        return await rig.stream.last("onboarding.>") is not None

    await until(begun)
    rig.server.kill()
    rig.server.start()
    assert [result for result in await sending if result["result"] != "accepted"] == []
    assert sorted(event.import_index or 0 for event in await events(intake)) == list(range(2000))


async def test_the_password_is_told_nowhere(intake: Intake, capfd: pytest.CaptureFixture[str]) -> None:
    header = "device_name,bmc_mac,bmc_ip,bmc_password\n"
    mistyped: list[object] = [
        record(0, bmc_password=CANARY),
        record(0, bmc_password=CANARY, bmc_ip=CANARY),
        record(0, bmc_password=CANARY, site=CANARY, device_name=""),
        record(1, ipmi_password=CANARY),
        record(2, bmc_password=CANARY, bmc_mac="1.02E+11"),
        record(3, bmc_pasword=CANARY),
        record(4, bmc_password=CANARY, bmc_ip="10.0.0.2"),
        record(5, bmc_password="10.0.0.1", bmc_ip="10.0.0.1"),
        CANARY,
    ]
    answers = [
        await send(intake, mistyped),
        await send(intake, json.dumps(mistyped)[:-3]),
        await send(intake, f'{header}s1,{MAC},"{CANARY}" ,x\n', "text/csv"),
        await send(intake, f"{header}s1,{MAC},{CANARY},{CANARY},{CANARY}\n", "text/csv"),
        await send(intake, f"{header}s1,{MAC},{CANARY},x\n", "text/csv"),
        await send(intake, f"{CANARY},{MAC},s1\ns2,020000000000,{CANARY}\n", "text/csv"),
        await send(intake, f"- bmc_password: {CANARY}\n  bmc_ip: {CANARY}\n  {CANARY}: *x\n", "text/yaml"),
        await send(intake, f"- bmc_password: '{CANARY}\n", "text/yaml"),
    ]
    assert [answer.status_code for answer in answers] == [200, 400, 400, 200, 200, 400, 200, 400]
    files = [file.read_bytes() for file in intake.rig.server.folder.rglob("*") if file.is_file()]
    texts = [*(answer.content for answer in answers), *files, *(str(a).encode() for a in capfd.readouterr())]
    assert not [(form, text) for form in FORMS for text in texts if FORMS[form] in text]
    assert '"came":"10.0.0.1"' not in answers[0].text
