"""NATS itself: its connection, its clock, whether it syncs what it acknowledges."""

import json
from datetime import UTC, datetime

from events.store_errors import translated
from events.stream import Stream
from onramp.cli.access import access
from onramp.cli.probes.finding import APPLY, Finding, Health, get

SKEW = 2.0
"""Seconds between the clocks, from which on times that are compared mislead."""


def now() -> datetime:
    """What this machine takes the time for."""
    return datetime.now(UTC)


async def nats_itself(stream: Stream) -> list[Finding]:
    """The connection, as whom, and how far away."""
    client, settings = stream.client, access()
    who = settings.nats_user or (settings.nats_creds and settings.nats_creds.name) or "nobody in particular"
    trip, version = await client.rtt(), client.connected_server_version
    server = f"nats-server {version.major}.{version.minor}.{version.patch}"
    said = f"{settings.nats_url} as {who}, {server}, {trip * 1000:.1f} ms away"
    return [Finding("NATS", Health.OK, said)]


async def clocks(stream: Stream) -> list[Finding]:
    """The clock of the NATS server against this machine's."""
    before = now()
    async with translated():
        answer = await stream.client.request(f"$JS.API.STREAM.INFO.{stream.name}", b"", timeout=5)
    asked_at = before + (now() - before) / 2
    told = json.loads(answer.data).get("ts")
    if told is None:
        return [Finding("clock", Health.ATTENTION, "NATS tells no time", APPLY)]
    skew = (datetime.fromisoformat(told) - asked_at).total_seconds()
    said = f"NATS's clock is {abs(skew):.2f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
    if abs(skew) < SKEW:
        return [Finding("clock", Health.OK, said)]
    return [
        Finding("clock", Health.ATTENTION, said, "set both by NTP; order is the stream's, whatever it is")
    ]


async def sync_interval() -> list[Finding]:
    """Whether what NATS acknowledges is on the disk: only its monitoring address tells."""
    url = access().nats_monitor_url
    if url is None:
        do = "set ONRAMP_NATS_MONITOR_URL (http://HOST:8222), or see that its configuration says it"
        return [Finding("sync_interval: always", Health.ATTENTION, "not known", do)]
    answer = await get(f"{url}/varz")
    if isinstance(answer, str):
        return [Finding("sync_interval: always", Health.ATTENTION, answer, "mend ONRAMP_NATS_MONITOR_URL")]
    told = answer.json()
    if not isinstance(told, dict) or "server_id" not in told:
        found = f"{url}/varz is no NATS server's"
        return [Finding("sync_interval: always", Health.ATTENTION, found, "mend ONRAMP_NATS_MONITOR_URL")]
    if told.get("jetstream", {}).get("config", {}).get("sync_always"):
        return [Finding("sync_interval: always", Health.OK, "every write is on the disk before it counts")]
    found = "off: a power cut loses what was acknowledged in the last minutes"
    do = "set `sync_interval: always` in its jetstream block"
    return [Finding("sync_interval: always", Health.BROKEN, found, do)]
