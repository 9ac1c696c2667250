"""Whoever listens is cut off when the session or the token ends that let them in."""

import asyncio
import json
from time import time

import httpx

from intake.signin.tokens import LEEWAY
from tests.integration.intake.signin.conftest import Guarded
from tests.integration.intake.test_import import record
from tests.integration.intake.test_import_live import connected, heard
from tests.integration.rig import until

EVENTS = "/api/v1/events"
SOON = 4
"""Seconds."""


def token(guarded: Guarded) -> str:
    """One that is taken for a few seconds more."""
    return guarded.provider.signed(exp=int(time()) - LEEWAY + SOON)


async def ends_with_the_sign_in(client: httpx.AsyncClient) -> None:
    """Listen to the end; what comes after is refused."""
    listened = await asyncio.wait_for(client.get(EVENTS), 30)
    assert listened.status_code == 200

    async def refused() -> bool:
        return (await client.get("/api/v1/keys")).status_code == 401

    await until(refused, 3)


async def test_events_end_with_the_token(guarded: Guarded) -> None:
    await ends_with_the_sign_in(guarded.script(token(guarded)))


async def test_events_end_with_the_session(guarded: Guarded) -> None:
    guarded.use(session_lifetime=SOON)
    await ends_with_the_sign_in(await guarded.signed_in("vera"))


async def test_the_telling_of_an_import_ends_with_the_token_and_its_storing_does_not(
    guarded: Guarded,
) -> None:
    async with connected(guarded.app, "", {"Authorization": f"Bearer {token(guarded)}"}) as client:
        await client.send(json.dumps([record(0)]))
        *told, last = await asyncio.wait_for(heard(client), 30)
    assert [message["result"] for message in told if "result" in message] == ["accepted"]
    assert (last["status"], client.close_code) == (401, 1008)
    assert len(await guarded.store.scans()) == 1
