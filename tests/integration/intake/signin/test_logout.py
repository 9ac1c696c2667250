"""Whoever listens is cut off at once when the session ends, whatever replica it was ended at."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.integration.intake.a_process import Running, running
from tests.integration.intake.signin.conftest import HERE, SESSION, Guarded
from tests.integration.intake.signin.provider import CLIENT, SECRET
from tests.integration.intake.test_import import record
from tests.integration.intake.test_import_live import heard

EVENTS = "/api/v1/events"
AT_ONCE = 5.0
"""Seconds: far below the hours that the session has left."""


@pytest.fixture
async def replica(guarded: Guarded, tmp_path: Path) -> AsyncIterator[Running]:
    """A process of its own, with the provider and the sessions of `guarded`."""
    settings = {
        "ONRAMP_PUBLIC_URL": HERE,
        "ONRAMP_OIDC_ISSUER": guarded.provider.issuer,
        "ONRAMP_OIDC_CLIENT_ID": CLIENT,
        "ONRAMP_OIDC_CLIENT_SECRET": SECRET,
        "ONRAMP_EVENTS_HEARTBEAT": "0.2",
    }
    async with running(guarded.rig, tmp_path, **settings) as replica:
        yield replica


class Browser:
    """One that signed in, and opens pages of a replica."""

    def __init__(self, there: httpx.AsyncClient, replica: Running) -> None:
        self.elsewhere = there
        """The same browser at another replica."""
        self._url = replica.url
        self._headers = {"Cookie": f"{SESSION}={there.cookies[SESSION]}", "Origin": HERE}

    def here(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._url, headers=self._headers)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[AsyncIterator[str]]:
        """The lines of the events, once they come."""
        async with self.here() as here, here.stream("GET", EVENTS, timeout=AT_ONCE) as answer:
            assert answer.status_code == 200
            lines = answer.aiter_lines()
            assert await anext(lines)
            yield lines

    @asynccontextmanager
    async def importing(self) -> AsyncIterator[ClientConnection]:
        """The telling of an import, once its scan is stored and nothing more follows."""
        address = f"{self._url.replace('http', 'ws')}/api/v1/servers/import/ws"
        async with connect(address, additional_headers=self._headers) as client:
            await client.send(json.dumps([record(0)]))
            await heard(client, count=3)
            yield client


async def end_of(lines: AsyncIterator[str]) -> None:
    """Listen to the end, which comes at once."""
    async with asyncio.timeout(AT_ONCE):
        async for _ in lines:
            pass


async def test_events_end_with_a_logout_here(guarded: Guarded, replica: Running) -> None:
    browser = Browser(await guarded.signed_in("vera"), replica)
    async with browser.listening() as lines, browser.here() as here:
        assert (await here.get("/auth/logout")).status_code == 303
        await end_of(lines)


async def test_events_end_with_a_logout_at_another_replica(guarded: Guarded, replica: Running) -> None:
    browser = Browser(await guarded.signed_in("vera"), replica)
    async with browser.listening() as lines:
        assert (await browser.elsewhere.get("/auth/logout")).status_code == 303
        await end_of(lines)


async def test_events_end_with_the_session_from_before_another_sign_in(
    guarded: Guarded, replica: Running
) -> None:
    browser = Browser(await guarded.signed_in("vera"), replica)
    async with browser.listening() as lines:
        await guarded.sign_in(browser.elsewhere, "olga")
        await end_of(lines)


async def test_the_telling_of_an_import_ends_with_a_logout(guarded: Guarded, replica: Running) -> None:
    browser = Browser(await guarded.signed_in("tom"), replica)
    async with browser.importing() as client:
        assert (await browser.elsewhere.get("/auth/logout")).status_code == 303
        [last] = await asyncio.wait_for(heard(client), AT_ONCE)
    assert (last["status"], client.close_code) == (401, 1008)


async def test_the_other_browsers_of_the_same_person_listen_on(guarded: Guarded, replica: Running) -> None:
    leaving = Browser(await guarded.signed_in("vera"), replica)
    staying = Browser(await guarded.signed_in("vera"), replica)
    async with staying.listening() as on, leaving.listening() as lines:
        await leaving.elsewhere.get("/auth/logout")
        await end_of(lines)
        told = [await anext(on) for _ in range(6)]
    assert ": heartbeat" in told
