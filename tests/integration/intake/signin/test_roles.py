"""Each role may do what it is for; without a provider everybody may do everything, and that is said."""

from typing import Any

import pytest
from pydantic import ValidationError

from intake.settings import Settings
from tests.integration.intake.conftest import ANYTHING
from tests.integration.intake.signin.conftest import Guarded, is_problem

READ = ("GET", "/api/v1/dead-letters")
STATUS = ("GET", "/api/v1/servers/dcoa-ra07u45/status")
KEYS = ("GET", "/api/v1/keys")
REGISTER = ("POST", "/api/v1/servers/register")
REPLAY = ("POST", "/api/v1/dead-letters/1/replay")
DISCARD = ("POST", "/api/v1/dead-letters/1/discard")

MAY = {
    "guest": (),
    "vera": (READ, STATUS, KEYS),
    "tom": (READ, STATUS, KEYS, REGISTER),
    "olga": (READ, STATUS, KEYS, REGISTER, REPLAY, DISCARD),
}


@pytest.mark.parametrize("path", MAY["olga"], ids=lambda path: path[1].rsplit("/", 1)[-1])
@pytest.mark.parametrize("name", MAY)
async def test_a_role_may_do_what_it_is_for(guarded: Guarded, name: str, path: tuple[str, str]) -> None:
    body = ANYTHING if path == REGISTER else {"reason": "mended"}
    answer = await guarded.script_of(name).request(*path, json=body if path[0] == "POST" else None)
    if path in MAY[name]:
        assert answer.status_code in {200, 202, 404}
        assert answer.status_code != 404 or answer.json()["type"].startswith("urn:onramp:problem:")
    else:
        assert is_problem(answer, 403, "forbidden")


async def test_where_no_group_is_required_a_role_is_enough(guarded: Guarded) -> None:
    guarded.use(required_group="")
    script = guarded.script(guarded.provider.signed(groups=["onramp-viewers"]))
    assert (await script.request(*READ)).status_code == 200


async def test_whoever_registered_a_server_is_in_its_event(guarded: Guarded) -> None:
    await guarded.script_of("tom").post(REGISTER[1], json=ANYTHING)
    assert (await guarded.store.newest()).registered_by == "tom"


async def test_whoever_imported_a_server_is_in_its_event(guarded: Guarded) -> None:
    await guarded.script_of("tom").post("/api/v1/servers/import", json=[ANYTHING])
    assert (await guarded.store.newest()).registered_by == "tom"


@pytest.mark.parametrize(
    ("claims", "known_as"),
    [
        ({"preferred_username": "Olga O.", "email": "o@example.org"}, "Olga O. (olga)"),
        ({"email": "o@example.org", "name": "Olga O."}, "o@example.org (olga)"),
        ({"preferred_username": 7, "name": "Olga O."}, "Olga O. (olga)"),
        ({}, "olga"),
    ],
)
async def test_whoever_registered_is_known_by_name_and_subject(
    guarded: Guarded, claims: dict[str, Any], known_as: str
) -> None:
    await guarded.script(guarded.provider.signed(**claims)).post(REGISTER[1], json=ANYTHING)
    assert (await guarded.store.newest()).registered_by == known_as


async def test_without_a_provider_everybody_may_and_every_page_can_tell(guarded: Guarded) -> None:
    guarded.use(oidc_issuer="")
    browser = guarded.browser()
    told = (await browser.get("/auth/userinfo")).json()
    assert (told["signin"], told["roles"]) == (False, ["viewer", "technician", "operator"])
    assert (await browser.post(REGISTER[1], json=ANYTHING)).status_code == 202
    assert (await guarded.store.newest()).registered_by is None


@pytest.mark.parametrize("path", ["/api/v1/servers", "/openapi.json", "/nowhere", "/healthz"])
async def test_without_a_provider_every_answer_says_so(guarded: Guarded, path: str) -> None:
    assert "Onramp-Sign-In" not in (await guarded.browser().get(path)).headers
    guarded.use(oidc_issuer="")
    assert (await guarded.browser().get(path)).headers["Onramp-Sign-In"] == "off"


async def test_without_a_provider_the_log_says_so(
    guarded: Guarded, capsys: pytest.CaptureFixture[str]
) -> None:
    guarded.use(oidc_issuer="")
    assert "sign-in is off" in "".join(capsys.readouterr())


async def test_without_a_provider_there_is_nowhere_to_sign_in(guarded: Guarded) -> None:
    guarded.use(oidc_issuer="")
    assert is_problem(await guarded.browser().get("/auth/login"), 404, "sign-in-off")


async def test_userinfo_does_not_tell_of_anybody_to_a_stranger(guarded: Guarded) -> None:
    assert is_problem(await guarded.browser().get("/auth/userinfo"), 401, "unauthenticated")


def test_a_setting_refuses_to_start_without_sign_in() -> None:
    with pytest.raises(ValidationError, match="ONRAMP_OIDC_ISSUER is empty"):
        Settings(require_signin=True)


def test_settings_that_are_refused_show_no_secret() -> None:
    with pytest.raises(ValidationError) as refused:
        Settings(require_signin=True, nats_password="hunter22")
    assert "hunter22" not in str(refused.value)


def test_a_provider_over_plain_http_is_refused() -> None:
    with pytest.raises(ValidationError, match="https"):
        Settings(oidc_issuer="http://login.example.org", oidc_client_id="onramp")


@pytest.mark.parametrize(
    "issuer", ["https://login.example.org", "http://localhost:9000", "http://[::1]:9000"]
)
def test_a_provider_over_https_or_on_this_machine_will_do(issuer: str) -> None:
    settings = Settings(require_signin=True, oidc_issuer=issuer, oidc_client_id="onramp")
    assert settings.oidc_issuer == issuer


def test_a_provider_without_a_client_is_refused() -> None:
    with pytest.raises(ValidationError, match="ONRAMP_OIDC_CLIENT_ID is empty"):
        Settings(oidc_issuer="https://login.example.org")
