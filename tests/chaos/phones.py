"""What scans: it sends a registration under an id of its own until intake takes it, as a phone does."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

import httpx

from tests.chaos.yard import Scan

AT_ONCE = 16
AGAIN_AFTER = 0.2


@dataclass(frozen=True)
class Sent:
    """A scan that is sent."""

    scan: Scan
    onboarding_id: UUID


def phones() -> httpx.AsyncClient:
    """Several at a time."""
    limits = httpx.Limits(max_connections=AT_ONCE)
    return httpx.AsyncClient(trust_env=False, timeout=10, limits=limits)


async def register(http: httpx.AsyncClient, intake: Callable[[], str], sent: Sent, within: float) -> None:
    """Send it until an intake takes it. Raises `AssertionError` with the last answer."""
    body = {**sent.scan, "onboarding_id": str(sent.onboarding_id)}
    give_up_at, answer = monotonic() + within, "nothing"
    while monotonic() < give_up_at:
        try:
            response = await http.post(f"{intake()}/api/v1/servers/register", json=body)
        except httpx.HTTPError as error:
            answer = type(error).__name__
        else:
            if response.status_code == httpx.codes.ACCEPTED:
                return
            answer = f"{response.status_code} {response.text}"
        await asyncio.sleep(AGAIN_AFTER)
    raise AssertionError(f"intake took {sent.scan['device_name']} not within {within} s: {answer}")
