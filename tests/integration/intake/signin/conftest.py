"""A replica of intake whose people sign in at a real OpenID provider."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.stream import Stream
from intake.api import create_app
from intake.settings import Settings
from intake.stores import Stores
from tests.integration.intake.conftest import Intake
from tests.integration.intake.signin.provider import CLIENT, SECRET, OidcProvider
from tests.integration.rig import Rig

HERE = "http://intake.test"
SESSION = "onramp-session"
LOGIN = "onramp-login"


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcProvider]:
    """One process for all tests."""
    folder: Path = tmp_path_factory.mktemp("provider")
    provider = OidcProvider(folder)
    provider.start()
    yield provider
    provider.stop()


class Guarded:
    """Replicas of intake that ask who is there, and browsers."""

    def __init__(self, rig: Rig, provider: OidcProvider) -> None:
        self.rig = rig
        self.provider = provider
        self._clients: list[httpx.AsyncClient] = []
        self.store = Intake(rig)
        self.use()

    def use(self, **changes: Any) -> None:
        """A replica with these settings answers from here on."""
        self.settings = Settings(
            **{
                "nats_patience": 1.0,
                "public_url": HERE,
                "oidc_issuer": self.provider.issuer,
                "oidc_client_id": CLIENT,
                "oidc_client_secret": SECRET,
                "required_group": "staff",
                **changes,
            }
        )
        stores = Stores.on(Stream(self.rig.client, patience=1.0), self.settings)
        self.app = create_app(self.settings, lambda: stores)

    def browser(self, **headers: str) -> httpx.AsyncClient:
        """One that nobody has used yet."""
        transport = httpx.ASGITransport(self.app)
        client = httpx.AsyncClient(transport=transport, base_url=self.settings.public_url, headers=headers)
        self._clients.append(client)
        return client

    def script(self, token: str) -> httpx.AsyncClient:
        """A client with a bearer token."""
        return self.browser(Authorization=f"Bearer {token}")

    def script_of(self, name: str) -> httpx.AsyncClient:
        """A script of this person, with a token that the provider made."""
        return self.browser(**self.provider.bearer(name))

    async def left(self, browser: httpx.AsyncClient, name: str, next: str = "/") -> str:
        """A browser leaves to sign in; the address that the provider sends it back to."""
        leaving = await browser.get("/auth/login", params={"next": next})
        assert leaving.status_code == 303, leaving.text
        return await self.provider.sign_in(name, leaving.headers["Location"])

    async def sign_in(self, browser: httpx.AsyncClient, name: str, next: str = "/") -> httpx.Response:
        """All of it; the answer to the browser's coming back."""
        return await browser.get(await self.left(browser, name, next))

    async def signed_in(self, name: str) -> httpx.AsyncClient:
        """A browser of this person."""
        browser = self.browser()
        answer = await self.sign_in(browser, name)
        assert answer.status_code == 303, answer.text
        return browser

    async def close(self) -> None:
        for client in (*self._clients, self.store.http):
            await client.aclose()


@pytest.fixture
async def guarded(rig: Rig, provider: OidcProvider) -> AsyncIterator[Guarded]:
    """A replica with a sealing key."""
    guarded = Guarded(rig, provider)
    await guarded.store.new_key("2026-01-01-abcd")
    yield guarded
    await guarded.close()


def is_problem(answer: httpx.Response, status: int, kind: str) -> bool:
    """Whether it is this problem, in RFC 9457's form."""
    told = answer.json()
    media_type = answer.headers["Content-Type"]
    assert (answer.status_code, told.get("type"), media_type) == (
        status,
        f"urn:onramp:problem:{kind}",
        "application/problem+json",
    ), answer.text
    return True
