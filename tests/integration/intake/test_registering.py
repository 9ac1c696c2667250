"""A registration is answered with 202 once it is stored, and with nothing like it before."""

import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from events.seal import kid_of, public_part, seal, unseal
from events.stream import Stream
from intake.keys import KEYS, SealingKeys
from intake.problems import NoSealingKey
from tests.integration.intake.conftest import ANYTHING, MAC, Intake


async def test_what_is_answered_with_202_stands_in_the_stream(
    intake: Intake, private: dict[str, str]
) -> None:
    answer = await intake.register(bmc_ip="10.16.28.78")
    assert answer.status_code == 202
    [stored] = await intake.scans()
    assert stored.subject == "onboarding.server-scanned._.dcoa-ra07u45"
    assert answer.json() == {
        "onboarding_id": stored.onboarding_id,
        "server": "dcoa-ra07u45",
        "status_url": "/api/v1/servers/dcoa-ra07u45/status",
        "warnings": [],
    }


async def test_the_password_opens_with_the_private_key(intake: Intake, private: dict[str, str]) -> None:
    await intake.register(bmc_password=" sécret ")
    assert unseal((await intake.newest()).sealed_password, MAC, private) == " sécret "


async def test_the_newest_key_that_is_not_retired_seals(intake: Intake, private: dict[str, str]) -> None:
    newest = await intake.new_key("newest", made_at="2026-03-01T00:00:00Z")
    await intake.new_key("newer", made_at="2026-02-01T00:00:00Z")
    retired = {"key": public_part(newest).model_dump(), "retired": True, "made_at": "2026-03-01T00:00:00Z"}
    await intake.put("KEYS", "newest", retired)
    await intake.register()
    assert kid_of((await intake.newest()).sealed_password) == "newer"


async def test_without_a_key_nothing_is_taken(intake: Intake) -> None:
    answer = await intake.register()
    assert (answer.status_code, answer.json()["detail"]) == (503, "no sealing key: run onramp keys new")
    assert answer.headers["Retry-After"]
    assert await intake.scans() == []


@pytest.mark.parametrize("retired", [False, True])
async def test_a_password_sealed_by_the_client_is_passed_on(
    intake: Intake, private: dict[str, str], retired: bool
) -> None:
    key = public_part(private)
    await intake.put("KEYS", key.kid, {"key": key.model_dump(), "retired": retired, "made_at": "2026"})
    sealed = seal("secret123", MAC, key)
    answer = await intake.register(bmc_password="", bmc_password_sealed=sealed)
    assert answer.status_code == 202
    assert (await intake.newest()).sealed_password == sealed


async def test_a_seal_of_a_key_that_was_withdrawn_is_refused(intake: Intake, private: dict[str, str]) -> None:
    key = public_part(private)
    record = {"key": key.model_dump(), "retired": True, "withdrawn": True, "made_at": "2026"}
    await intake.put("KEYS", key.kid, record)
    answer = await intake.register(bmc_password="", bmc_password_sealed=seal("secret123", MAC, key))
    assert answer.status_code == 422
    assert await intake.scans() == []


async def test_a_seal_of_an_unknown_key_is_refused(intake: Intake, private: dict[str, str]) -> None:
    sealed = seal("secret123", MAC, public_part({**private, "kid": "gone"}))
    answer = await intake.register(bmc_password="", bmc_password_sealed=sealed)
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["came"]) == ("bmc_password_sealed", None)
    assert "scan the password again" in error["expected"]
    assert await intake.scans() == []


async def test_a_deleted_key_is_unknown(intake: Intake, private: dict[str, str]) -> None:
    bucket = await intake.rig.client.jetstream().key_value("KEYS")
    await bucket.delete(private["kid"])
    with capture_logs() as logged:
        assert (await intake.register()).status_code == 503
    assert [line["event"] for line in logged] == []


async def test_the_keys_that_seal_are_served_the_newest_first(
    intake: Intake, private: dict[str, str]
) -> None:
    await intake.new_key("newer", made_at="2026-02-01T00:00:00Z")
    keys = (await intake.http.get("/api/v1/keys")).json()["keys"]
    assert [key["kid"] for key in keys] == ["newer", private["kid"]]
    assert all("d" not in key for key in keys)


@pytest.mark.parametrize(
    ("site", "token"), [("DC Oslo A", "dcoa"), ("dcoa", "dcoa"), ("DC X", "dc-x"), ("", "_")]
)
async def test_the_site_token_is_the_slug_that_the_reference_data_knows(
    intake: Intake, private: dict[str, str], site: str, token: str
) -> None:
    await intake.put("REFERENCE", "sites", [{"name": "DC Oslo A", "slug": "dcoa"}])
    await intake.register(site=site)
    assert (await intake.newest()).site == token


async def test_where_the_sites_cant_be_read_a_site_is_its_own_token(
    intake: Intake, private: dict[str, str]
) -> None:
    await intake.put("REFERENCE", "sites", {"dcoa": "DC Oslo A"})
    await intake.register(site="DC Oslo A")
    assert (await intake.newest()).site == "dc-oslo-a"


async def test_what_is_no_key_seals_nothing_and_is_in_nobodys_way(
    intake: Intake, private: dict[str, str]
) -> None:
    await intake.put("KEYS", "odd", {"made_at": "2027-01-01T00:00:00Z"})
    await intake.register()
    assert kid_of((await intake.newest()).sealed_password) == private["kid"]


async def test_a_key_made_a_moment_ago_is_known_though_the_others_are_remembered(intake: Intake) -> None:
    keys = SealingKeys(Stream(intake.rig.client, KEYS), ttl=60)
    with pytest.raises(NoSealingKey):
        await keys.seal("secret123", MAC)
    await intake.new_key("first")
    assert kid_of(await keys.seal("secret123", MAC)) == "first"
    await intake.new_key("second")
    assert [await keys.knows(kid) for kid in ("second", "third")] == [True, False]


@pytest.mark.parametrize(
    "media_type", ["application/json; charset=UTF-8", 'application/json; charset="utf8"']
)
async def test_a_body_may_say_that_it_is_utf8_and_begin_with_its_mark(
    intake: Intake, private: dict[str, str], media_type: str
) -> None:
    sent = {"Content-Type": media_type, "Content-Encoding": "identity"}
    body = "\ufeff" + json.dumps(ANYTHING)
    answer = await intake.http.post("/api/v1/servers/register", content=body.encode(), headers=sent)
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'{"bmc_mac": "\xff"}', {}, 400),
        (json.dumps({"site": "x" * 70000}).encode(), {}, 413),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415),
        (b"{}", {"Content-Encoding": "gzip"}, 415),
        (b"{}", {}, 422),
    ],
)
async def test_a_body_that_cant_be_taken_is_a_problem(
    intake: Intake, private: dict[str, str], body: bytes, headers: dict[str, str], status: int
) -> None:
    sent = {"Content-Type": "application/json", **headers}
    answer = await intake.http.post("/api/v1/servers/register", content=body, headers=sent)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert await intake.scans() == []


async def test_a_bad_field_is_named_and_nothing_is_published(intake: Intake, private: dict[str, str]) -> None:
    answer = await intake.register(bmc_mac="01:00:5e:00:00:01")
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["field"], error["came"]) == ("bmc_mac", "01:00:5e:00:00:01")
    assert await intake.scans() == []


async def test_the_status_shows_each_step(intake: Intake, private: dict[str, str]) -> None:
    accepted = (await intake.register()).json()
    status = (await intake.http.get(accepted["status_url"])).json()
    assert (status["onboarding_id"], status["state"]) == (accepted["onboarding_id"], "in-progress")
    steps = {step["step"]: step["state"] for step in status["steps"]}
    assert steps == dict.fromkeys(("netbox_sync", "vault_writer", "kea_sync", "metal3_sync"), "waiting")


@pytest.mark.parametrize("server", ["nobody", "no_name", "*"])
async def test_an_unknown_server_is_a_404(intake: Intake, server: str) -> None:
    answer = await intake.http.get(f"/api/v1/servers/{server}/status")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:onramp:problem:unknown-server")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nope", 404), ("PUT", "/api/v1/keys", 405)])
async def test_the_frameworks_own_errors_are_problems_too(
    intake: Intake, method: str, path: str, status: int
) -> None:
    answer = await intake.http.request(method, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_openapi_documents_the_body_and_every_error(intake: Intake) -> None:
    document: dict[str, Any] = (await intake.http.get("/openapi.json")).json()
    register = document["paths"]["/api/v1/servers/register"]["post"]
    body = register["requestBody"]["content"]["application/json"]["schema"]
    assert body["required"] == ["bmc_mac"]
    errors = {"400", "401", "403", "409", "413", "415", "422", "429", "503", "default"}
    assert set(register["responses"]) == {"202", *errors}
    status = document["paths"]["/api/v1/servers/{server}/status"]["get"]["responses"]
    assert set(status) == {"200", "401", "403", "404", "429", "503", "default"}


async def test_an_error_that_nobody_thought_of_is_a_500_without_its_text(intake: Intake) -> None:
    intake.stores = None  # type: ignore[assignment]
    answer = await intake.register()
    assert (answer.status_code, answer.json()["detail"]) == (500, "Internal Server Error")
