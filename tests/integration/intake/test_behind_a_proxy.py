"""Behind a trusted reverse proxy each client has a rate of its own; nobody else is believed."""

import httpx
import pytest
from pydantic import ValidationError

from events.http import served
from intake.settings import Settings
from onramp.sandbox.nats import free_port
from tests.integration.intake.conftest import Intake
from tests.integration.rig import Rig

PATH = "/api/v1/keys"
PROXY = "192.0.2.10"
TWO_AT_ONCE = 0.2

pytestmark = pytest.mark.usefixtures("private")


async def answers(http: httpx.AsyncClient, client: str) -> list[int]:
    """Three requests in a row of one client, as its proxy passes them on."""
    return [(await http.get(PATH, headers={"X-Forwarded-For": client})).status_code for _ in range(3)]


def proxied(intake: Intake) -> httpx.AsyncClient:
    """The connection of the proxy."""
    transport = httpx.ASGITransport(intake.app, client=(PROXY, 40000))
    return httpx.AsyncClient(transport=transport, base_url="http://intake")


@pytest.mark.parametrize("trusted", [PROXY, "10.0.0.1, 192.0.2.0/24"])
async def test_clients_behind_a_trusted_proxy_have_a_rate_each(rig: Rig, trusted: str) -> None:
    intake = Intake(rig, requests_per_address=TWO_AT_ONCE, trusted_proxies=trusted)
    async with proxied(intake) as http:
        assert await answers(http, "198.51.100.1") == [200, 200, 429]
        assert await answers(http, "198.51.100.2") == [200, 200, 429]


async def test_a_client_can_not_pass_for_another_by_what_it_says_itself(rig: Rig) -> None:
    intake = Intake(rig, requests_per_address=TWO_AT_ONCE, trusted_proxies=PROXY)
    async with proxied(intake) as http:
        assert await answers(http, "203.0.113.1, 198.51.100.1") == [200, 200, 429]
        assert await answers(http, "203.0.113.2, 198.51.100.1") == [429] * 3


async def test_a_proxy_that_is_not_trusted_has_one_rate(rig: Rig) -> None:
    """Not even on this machine, and over a real socket."""
    intake, port = Intake(rig, requests_per_address=TWO_AT_ONCE, trusted_proxies=""), free_port()
    until_it_listens = httpx.AsyncHTTPTransport(retries=5)
    async with (
        served([], intake.app, "127.0.0.1", port, patience=20),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", transport=until_it_listens) as http,
    ):
        assert await answers(http, "198.51.100.1") == [200, 200, 429]
        assert await answers(http, "198.51.100.2") == [429] * 3


@pytest.mark.parametrize("trusted", ["proxy.example.org", "*", "10.0.0.1/8", "10.0.0.1;10.0.0.2"])
def test_a_proxy_that_is_no_address_is_refused(trusted: str) -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings(trusted_proxies=trusted)
