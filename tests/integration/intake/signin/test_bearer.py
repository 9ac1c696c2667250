"""A script's token is believed when the provider made it, for us, for now; its words are never shown."""

import base64
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.integration.intake.conftest import ANYTHING
from tests.integration.intake.signin.conftest import Guarded, is_problem
from tests.integration.intake.signin.provider import OidcProvider

LIST = "/api/v1/dead-letters"
REGISTER = "/api/v1/servers/register"
NOW = int(time.time())


def _segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _payload(provider: OidcProvider) -> str:
    return provider.signed().split(".")[1]


async def test_a_token_of_the_provider_is_believed(guarded: Guarded) -> None:
    assert (await guarded.script_of("vera").get(LIST)).status_code == 200


async def test_a_token_signed_here_as_the_provider_signs_is_the_measure_of_the_refused(
    guarded: Guarded,
) -> None:
    assert (await guarded.script(guarded.provider.signed()).get(LIST)).status_code == 200


async def test_without_a_token_nothing_is_told_or_done(guarded: Guarded) -> None:
    nobody = guarded.browser()
    for answer in (await nobody.get(LIST), await nobody.post(REGISTER, json=ANYTHING)):
        assert is_problem(answer, 401, "unauthenticated")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert await guarded.store.scans() == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"aud": "elsewhere"}, "aud"),
        ({"aud": ["elsewhere", "onramp-web"]}, "aud"),
        ({"aud": None}, "aud"),
        ({"iss": "https://other.test"}, "iss"),
        ({"iss": None}, "iss"),
        ({"exp": NOW - 60}, "expired"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"nbf": NOW + 86400}, "nbf"),
        ({"iat": NOW + 86400}, "iat"),
        ({"sub": None}, "sub"),
        ({"sub": ["olga"]}, "sub"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(
    guarded: Guarded, changes: dict[str, Any], why: str
) -> None:
    answer = await guarded.script(guarded.provider.signed(**changes)).get(LIST)
    assert is_problem(answer, 401, "unauthenticated")
    assert why in answer.json()["detail"]


async def test_an_id_token_is_no_bearer_token(guarded: Guarded) -> None:
    answer = await guarded.script(guarded.provider.tokens("olga")["id_token"]).get(LIST)
    assert is_problem(answer, 401, "unauthenticated")


async def test_a_token_without_a_signature_is_refused(guarded: Guarded) -> None:
    for header in ({"alg": "none"}, {"alg": "None", "kid": guarded.provider.key().kid}):
        token = f"{_segment(header)}.{_payload(guarded.provider)}."
        assert is_problem(await guarded.script(token).get(LIST), 401, "unauthenticated")


async def test_the_public_key_is_no_secret_to_sign_with(guarded: Guarded) -> None:
    key = guarded.provider.key()
    signed = f"{_segment({'alg': 'HS256', 'kid': key.kid})}.{_payload(guarded.provider)}"
    for secret in (key.as_pem(private=False), json.dumps(key.as_dict(private=False)).encode()):
        signature = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), "sha256"))
        token = f"{signed}.{signature.decode().rstrip('=')}"
        assert is_problem(await guarded.script(token).get(LIST), 401, "unauthenticated")


async def test_a_key_that_the_token_brings_along_is_not_believed(guarded: Guarded) -> None:
    own = RSAKey.generate_key(2048, {"kid": str(guarded.provider.key().kid)})
    claims = json.loads(base64.urlsafe_b64decode(_payload(guarded.provider) + "=="))
    for header in ({}, {"jwk": own.as_dict(private=False)}, {"jku": "https://evil.test/keys"}):
        token = jwt.encode({"alg": "RS256", "kid": own.kid, **header}, claims, own)
        assert is_problem(await guarded.script(token).get(LIST), 401, "unauthenticated")


async def test_a_token_whose_words_were_changed_is_refused(guarded: Guarded) -> None:
    header, _, signature = guarded.provider.signed().split(".")
    other = guarded.provider.signed(sub="eve").split(".")[1]
    answer = await guarded.script(f"{header}.{other}.{signature}").get(LIST)
    assert is_problem(answer, 401, "unauthenticated")


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "..", "é", "[" * 9000, "x" * 20_000, _segment("[" * 9000) + ".."]
)
async def test_what_is_no_token_is_refused(guarded: Guarded, token: str) -> None:
    headers = {b"Authorization": b"Bearer " + token.encode()}
    answer = await guarded.browser().get(LIST, headers=headers)
    assert is_problem(answer, 401, "unauthenticated")


async def test_a_deeply_nested_header_is_refused(guarded: Guarded) -> None:
    nested = base64.urlsafe_b64encode(b"[" * 9000).decode()
    assert is_problem(await guarded.script(f"{nested}.e30.e30").get(LIST), 401, "unauthenticated")


async def test_another_scheme_is_refused(guarded: Guarded) -> None:
    answer = await guarded.browser(Authorization="Basic b2xnYTpwdy1vbGdh").get(LIST)
    assert is_problem(answer, 401, "unauthenticated")


async def test_an_answer_never_shows_the_token(guarded: Guarded) -> None:
    for token in (guarded.provider.signed(aud="elsewhere"), "not-a-token-at-all"):
        answer = await guarded.script(token).get(LIST)
        assert token not in answer.text + str(answer.headers)
        assert token.split(".")[-1] not in answer.text


async def test_whoever_is_not_in_the_required_group_is_turned_away(guarded: Guarded) -> None:
    assert is_problem(await guarded.script_of("eve").get(LIST), 403, "forbidden")


@pytest.mark.parametrize(
    "groups", [None, [], "onramp-operators", {"staff": 1}, ["Staff"], [1, None], ["staff", {}]]
)
async def test_groups_of_another_form_give_no_role(guarded: Guarded, groups: Any) -> None:
    answer = await guarded.script(guarded.provider.signed(groups=groups)).get(LIST)
    assert is_problem(answer, 403, "forbidden")


async def test_a_new_key_of_the_provider_is_learned(guarded: Guarded) -> None:
    earlier = guarded.provider.signed()
    assert (await guarded.script(earlier).get(LIST)).status_code == 200
    guarded.provider.rotate()
    assert (await guarded.script_of("olga").get(LIST)).status_code == 200
    assert (await guarded.script(earlier).get(LIST)).status_code == 200


async def test_forged_key_ids_do_not_become_requests_to_the_provider(guarded: Guarded) -> None:
    script = guarded.script_of("olga")
    assert (await script.get(LIST)).status_code == 200
    forger = RSAKey.generate_key(2048, {"kid": "no-such-key"})
    forged = guarded.script(guarded.provider.signed(forger))
    assert is_problem(await forged.get(LIST), 401, "unauthenticated")
    guarded.provider.pause()
    try:
        assert is_problem(await forged.get(LIST), 401, "unauthenticated")
        assert (await script.get(LIST)).status_code == 200
    finally:
        guarded.provider.resume()


async def test_while_the_provider_is_away_at_first_nobody_gets_in(guarded: Guarded) -> None:
    guarded.use(oidc_timeout=0.3)
    token = guarded.provider.signed()
    guarded.provider.pause()
    try:
        answer = await guarded.script(token).get(LIST)
    finally:
        guarded.provider.resume()
    assert is_problem(answer, 503, "provider-away")
