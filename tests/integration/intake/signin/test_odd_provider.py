"""What a provider says of itself is believed only where it is as the standards have it."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from events.http import served
from intake.settings import Settings
from intake.signin.code_flow import CodeFlow, Login
from intake.signin.problems import ProviderAway, SignInFailed
from intake.signin.provider import Provider
from intake.signin.roles import Identity
from onramp.sandbox.nats import free_port
from tests.integration.rig import until

KEY = ECKey.generate_key("P-256", {"kid": "good"})
GOOD = KEY.as_dict(private=False)
ODD: list[Any] = [
    7,
    {"kty": "odd", "kid": "odd"},
    OctKey.generate_key(256, {"kid": "secret"}).as_dict(),
    {**GOOD, "kid": "sealing", "use": "enc"},
]


class Told:
    """A provider that says what a test has it say."""

    def __init__(self) -> None:
        self.port = free_port()
        self.issuer = f"http://127.0.0.1:{self.port}"
        endpoints = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        self.metadata: Any = {"issuer": self.issuer, **dict.fromkeys(endpoints, f"{self.issuer}/keys")}
        self.keys: Any = {"keys": [GOOD]}
        self.answer: Response | None = None
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        paths = {
            "/.well-known/openid-configuration": self._metadata,
            "/keys": self._keys,
            "/token": self._token,
            "/userinfo": self._userinfo,
        }
        routes = [Route(path, endpoint, methods=["GET", "POST"]) for path, endpoint in paths.items()]
        self.app = Starlette(routes=routes)
        self.settings = Settings(oidc_issuer=self.issuer, oidc_client_id="onramp")
        self.provider = Provider(self.settings)

    async def signed_in(self, userinfo: bool = True) -> Identity:
        """Olga, who comes back with a code."""
        self.metadata["token_endpoint"] = f"{self.issuer}/token"
        if userinfo:
            self.metadata["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        login = Login.to("/")
        now = int(time.time())
        own = {"iss": self.issuer, "aud": "onramp", "sub": "olga", "nonce": login.nonce, "exp": now + 60}
        self.claims = {**own, **self.claims}
        brought = {"state": login.state, "code": "a-code"}
        return await CodeFlow(self.settings, self.provider).identity(login, brought)

    async def _metadata(self, _request: Request) -> Response:
        return self.answer or JSONResponse(self.metadata)

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse(self.keys)

    async def _token(self, _request: Request) -> Response:
        id_token = jwt.encode({"alg": "ES256", "kid": "good"}, self.claims, KEY)
        return JSONResponse({"access_token": "access", "token_type": "Bearer", "id_token": id_token})

    async def _userinfo(self, request: Request) -> Response:
        known = request.headers.get("authorization") == "Bearer access"
        return JSONResponse(self.userinfo, status_code=200 if known else 401)

    async def answers(self) -> bool:
        async with httpx.AsyncClient() as http:
            try:
                return bool(await http.get(f"{self.issuer}/keys"))
            except httpx.TransportError:
                return False


@pytest.fixture
async def told() -> AsyncIterator[Told]:
    told = Told()
    async with served([], told.app, "127.0.0.1", told.port, patience=20):
        await until(told.answers)
        yield told


async def refused(told: Told) -> str:
    with pytest.raises(ProviderAway) as raised:
        await told.provider.metadata()
    return raised.value.detail


async def test_a_provider_that_says_it_is_another_is_not_believed(told: Told) -> None:
    told.metadata["issuer"] = "https://another.example.org"
    assert "ONRAMP_OIDC_ISSUER" in await refused(told)


async def test_what_does_not_describe_itself_as_a_provider_is_none(told: Told) -> None:
    del told.metadata["jwks_uri"]
    assert "does not describe itself" in await refused(told)


async def test_what_is_no_json_object_is_no_description(told: Told) -> None:
    told.metadata = ["issuer"]
    assert "is no JSON object" in await refused(told)


@pytest.mark.parametrize("answer", [PlainTextResponse("a page"), JSONResponse({}, status_code=500)])
async def test_an_error_of_the_provider_is_told_with_its_name(told: Told, answer: Response) -> None:
    told.answer = answer
    assert (await refused(told)).startswith(told.issuer)


async def test_of_its_keys_those_that_sign_are_known(told: Told) -> None:
    told.keys = {"keys": [*ODD, GOOD]}
    assert await told.provider.key("good") is not None
    assert [await told.provider.key(kid) for kid in ("odd", "secret", "sealing")] == [None] * 3


async def test_a_token_that_names_no_key_is_signed_by_the_only_one(told: Told) -> None:
    told.keys = {"keys": [*ODD, GOOD]}
    assert await told.provider.key(None) is not None


@pytest.mark.parametrize("keys", [{"keys": [GOOD, {**GOOD, "kid": "other"}]}, {"keys": "none"}, {}])
async def test_a_token_that_names_no_key_is_signed_by_none_of_several_or_no_keys(
    told: Told, keys: dict[str, Any]
) -> None:
    told.keys = keys
    assert await told.provider.key(None) is None


async def test_groups_that_the_id_token_does_not_list_are_asked_for(told: Told) -> None:
    told.userinfo = {"sub": "olga", "groups": ["staff"], "name": "Olga O."}
    assert await told.signed_in() == Identity("olga", "Olga O.", ("staff",))


async def test_groups_that_the_id_token_lists_are_not_asked_for(told: Told) -> None:
    told.claims, told.userinfo = {"groups": ["staff"]}, {"sub": "eve"}
    assert (await told.signed_in()).groups == ("staff",)


async def test_a_provider_that_can_not_be_asked_for_groups_tells_none(told: Told) -> None:
    assert (await told.signed_in(userinfo=False)).groups == ()


async def test_what_is_told_of_another_person_is_refused(told: Told) -> None:
    told.userinfo = {"sub": "eve", "groups": ["staff"]}
    with pytest.raises(SignInFailed, match="another person"):
        await told.signed_in()


@pytest.mark.parametrize("claims", [{"aud": "elsewhere"}, {"exp": 1}, {"iss": "https://another.test"}])
async def test_an_id_token_that_is_not_for_us_and_now_is_refused(told: Told, claims: dict[str, Any]) -> None:
    told.claims = claims
    with pytest.raises(SignInFailed, match="ID token"):
        await told.signed_in()
