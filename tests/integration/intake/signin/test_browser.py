"""A person signs in with a browser, once, where they meant to, and nobody else gets in by it."""

import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.integration.intake.signin.conftest import LOGIN, SESSION, Guarded, is_problem
from tests.integration.rig import until

LIST = "/api/v1/dead-letters"


async def test_a_browser_that_signed_in_is_known_with_its_roles(guarded: Guarded) -> None:
    browser = await guarded.signed_in("tom")
    told = (await browser.get("/auth/userinfo")).json()
    assert (told["signin"], told["subject"]) == (True, "tom")
    assert told["roles"] == ["viewer", "technician"]


async def test_it_comes_back_to_the_page_that_it_left_from(guarded: Guarded) -> None:
    answer = await guarded.sign_in(guarded.browser(), "tom", next="/servers?site=dcoa")
    assert answer.headers["Location"] == "/servers?site=dcoa"


async def test_another_replica_knows_the_session(guarded: Guarded) -> None:
    browser = await guarded.signed_in("vera")
    guarded.use()
    elsewhere = guarded.browser()
    elsewhere.cookies = browser.cookies
    assert (await elsewhere.get(LIST)).status_code == 200


async def test_the_code_is_asked_for_with_pkce(guarded: Guarded) -> None:
    leaving = await guarded.browser().get("/auth/login")
    asked = parse_qs(urlsplit(leaving.headers["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43


async def test_the_cookies_are_out_of_reach_of_scripts_and_other_sites(guarded: Guarded) -> None:
    answer = await guarded.sign_in(guarded.browser(), "tom")
    [cookie] = [said for said in answer.headers.get_list("Set-Cookie") if said.startswith(SESSION)]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Domain" not in cookie


async def test_over_https_the_cookies_are_this_hosts_alone(guarded: Guarded) -> None:
    guarded.use(public_url="https://intake.test")
    answer = await guarded.sign_in(guarded.browser(), "tom")
    [cookie] = [said for said in answer.headers.get_list("Set-Cookie") if SESSION in said]
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie
    assert "Path=/;" in cookie
    assert answer.headers["Strict-Transport-Security"]


async def test_over_http_no_browser_is_told_to_insist_on_https(guarded: Guarded) -> None:
    assert "Strict-Transport-Security" not in (await guarded.browser().get("/healthz")).headers


async def test_what_the_bucket_holds_under_a_cookie_and_is_no_session_lets_nobody_in(
    guarded: Guarded,
) -> None:
    browser = await guarded.signed_in("vera")
    [session] = await guarded.rig.stored("$KV.SESSIONS.session.*", "KV_SESSIONS")
    await guarded.rig.client.jetstream().publish(session.subject, b'{"subject": "vera"}')
    assert is_problem(await browser.get(LIST), 401, "unauthenticated")


async def test_coming_back_works_once(guarded: Guarded) -> None:
    browser = guarded.browser()
    back = await guarded.left(browser, "tom")
    login = browser.cookies[LOGIN]
    await browser.get(back)
    browser.cookies.set(LOGIN, login)
    again = await browser.get(back)
    assert is_problem(again, 400, "sign-in-failed")
    assert "has come back from it before" in again.json()["detail"]


async def test_another_browser_cannot_come_back_in_its_place(guarded: Guarded) -> None:
    back = await guarded.left(guarded.browser(), "eve")
    assert is_problem(await guarded.browser().get(back), 400, "sign-in-failed")


async def test_a_state_of_another_sign_in_is_refused(guarded: Guarded) -> None:
    attackers = await guarded.left(guarded.browser(), "tom")
    victim = guarded.browser()
    await guarded.left(victim, "vera")
    answer = await victim.get(attackers)
    assert is_problem(answer, 400, "sign-in-failed")
    assert "from another sign-in than" in answer.json()["detail"]
    assert SESSION not in victim.cookies


async def test_a_code_that_was_put_under_is_refused(guarded: Guarded) -> None:
    stolen = parse_qs(urlsplit(await guarded.left(guarded.browser(), "olga")).query)["code"][0]
    attacker = guarded.browser()
    back = parse_qs(urlsplit(await guarded.left(attacker, "vera")).query)
    answer = await attacker.get("/callback", params={"code": stolen, "state": back["state"][0]})
    assert is_problem(answer, 400, "sign-in-failed")
    assert SESSION not in attacker.cookies


async def test_whoever_the_provider_turned_away_is_not_signed_in(guarded: Guarded) -> None:
    browser = guarded.browser()
    leaving = await browser.get("/auth/login")
    state = parse_qs(urlsplit(leaving.headers["Location"]).query)["state"][0]
    answer = await browser.get("/callback", params={"error": "access_denied", "state": state})
    assert is_problem(answer, 400, "sign-in-failed")


async def test_another_providers_answer_is_refused(guarded: Guarded) -> None:
    browser = guarded.browser()
    back = await guarded.left(browser, "tom")
    assert is_problem(await browser.get(f"{back}&iss=https://evil.test"), 400, "sign-in-failed")


async def test_an_id_token_that_was_made_for_another_sign_in_is_refused(guarded: Guarded) -> None:
    browser = guarded.browser()
    back = await guarded.left(browser, "tom")
    [login] = await guarded.rig.stored("$KV.SESSIONS.login.*", "KV_SESSIONS")
    other = {**json.loads(login.data), "nonce": "another"}
    await guarded.rig.client.jetstream().publish(login.subject, json.dumps(other).encode())
    answer = await browser.get(back)
    assert is_problem(answer, 400, "sign-in-failed")
    assert "another sign-in" in answer.json()["detail"]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.test/",
        "//evil.test/",
        "/\\evil.test/",
        "\\\\evil.test",
        "/\t/evil.test",
        "javascript:alert(1)",
        "http:evil.test",
        "servers",
        " //evil.test",
    ],
)
async def test_sign_in_leads_to_no_other_host(guarded: Guarded, elsewhere: str) -> None:
    answer = await guarded.browser().get("/auth/login", params={"next": elsewhere})
    assert is_problem(answer, 400, "bad-destination")


async def test_where_to_go_is_not_taken_from_the_callback(guarded: Guarded) -> None:
    browser = guarded.browser()
    back = await guarded.left(browser, "tom", next="/servers")
    answer = await browser.get(f"{back}&next=https://evil.test/")
    assert answer.headers["Location"] == "/servers"


async def test_a_planted_session_cookie_is_not_the_one_that_is_signed_in(guarded: Guarded) -> None:
    victim, attacker = guarded.browser(), guarded.browser()
    for browser in (victim, attacker):
        browser.cookies.set(SESSION, "planted")
    await guarded.sign_in(victim, "olga")
    assert victim.cookies.get(SESSION, domain="intake.test") != "planted"
    assert is_problem(await attacker.get(LIST), 401, "unauthenticated")


async def test_signing_in_again_ends_the_session_from_before(guarded: Guarded) -> None:
    browser = await guarded.signed_in("vera")
    before = guarded.browser()
    before.cookies.set(SESSION, browser.cookies[SESSION])
    assert (await before.get(LIST)).status_code == 200
    await guarded.sign_in(browser, "olga")
    assert is_problem(await before.get(LIST), 401, "unauthenticated")


async def test_whoever_is_not_in_the_required_group_gets_no_session(guarded: Guarded) -> None:
    browser = guarded.browser()
    answer = await guarded.sign_in(browser, "eve")
    assert is_problem(answer, 403, "forbidden")
    assert SESSION not in browser.cookies


async def test_logging_out_ends_the_session_wherever_its_cookie_is(guarded: Guarded) -> None:
    browser = await guarded.signed_in("tom")
    copy = guarded.browser()
    copy.cookies.set(SESSION, browser.cookies[SESSION])
    answer = await browser.get("/auth/logout")
    assert answer.headers["Location"].startswith(f"{guarded.provider.issuer}/logout?client_id=onramp-web")
    assert SESSION not in browser.cookies
    assert is_problem(await copy.get(LIST), 401, "unauthenticated")


async def test_logging_out_needs_no_answer_of_the_provider(guarded: Guarded) -> None:
    browser = await guarded.signed_in("tom")
    guarded.use(oidc_timeout=0.3)
    leaving = guarded.browser()
    leaving.cookies = browser.cookies
    guarded.provider.pause()
    try:
        answer = await leaving.get("/auth/logout")
    finally:
        guarded.provider.resume()
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{guarded.settings.public_url}/")
    assert is_problem(await browser.get(LIST), 401, "unauthenticated")


async def test_another_sites_page_cannot_log_anybody_out(guarded: Guarded) -> None:
    browser = await guarded.signed_in("tom")
    answer = await browser.get("/auth/logout", headers={"Sec-Fetch-Site": "cross-site"})
    assert is_problem(answer, 403, "cross-origin")
    assert (await browser.get(LIST)).status_code == 200


async def test_a_session_ends_by_itself(guarded: Guarded) -> None:
    guarded.use(session_lifetime=1)
    browser = await guarded.signed_in("tom")
    copy = guarded.browser()
    copy.cookies.set(SESSION, browser.cookies[SESSION])

    async def ended() -> bool:
        return (await copy.get(LIST)).status_code == 401

    await until(ended)


async def test_the_bucket_does_not_hold_what_a_cookie_says(guarded: Guarded) -> None:
    browser = await guarded.signed_in("tom")
    stored = await guarded.rig.stored("$KV.SESSIONS.>", "KV_SESSIONS")
    secret = browser.cookies[SESSION]
    assert stored
    assert not [one for one in stored if secret in one.subject or secret.encode() in one.data]


async def test_while_the_provider_does_not_answer_nobody_is_sent_to_it(guarded: Guarded) -> None:
    guarded.use(oidc_timeout=0.3)
    guarded.provider.pause()
    try:
        answer: httpx.Response = await guarded.browser().get("/auth/login")
    finally:
        guarded.provider.resume()
    assert is_problem(answer, 503, "provider-away")
    assert answer.headers["Retry-After"]


async def test_while_nats_is_away_a_browser_is_not_told_that_it_is_signed_out(guarded: Guarded) -> None:
    browser = await guarded.signed_in("tom")
    guarded.rig.server.stop()
    assert is_problem(await browser.get(LIST), 503, "unavailable")


async def test_no_page_of_another_origin_may_read_the_answers(guarded: Guarded) -> None:
    browser = await guarded.signed_in("tom")
    answer = await browser.get("/auth/userinfo", headers={"Origin": "https://evil.test"})
    assert "Access-Control-Allow-Origin" not in answer.headers
