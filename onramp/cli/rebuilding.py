"""What each server that is meant by a rebuild would need, as its step says."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from events.asking import ask
from events.errors import Refuse
from events.fold import SILENT
from events.seal import kid_of
from events.steps import steps
from events.stream import Stream
from events.verdicts import Would
from onramp.cli.asking import AT_ONCE, question
from onramp.cli.standing import Filter, Server, every_server, one_server

OPENS_SEALS = "vault_writer"
"""The step that needs the private key of what it is sent."""

OVERWRITTEN = {Would.CHANGE, Would.NOTHING}
"""Sent with `--overwrite` only. What is so already too: nobody but the step itself compares passwords."""


@dataclass(frozen=True)
class Wanted:
    """What shall be run again."""

    step: str
    servers: Sequence[str]
    site: str | None
    overwrite: bool
    why: str
    rate: float


@dataclass(frozen=True)
class Line:
    """What is known and made of one server."""

    server: str
    state: str
    """`lost`, `differs`, `already so`, `not passed`, `scan again`, `refused`, `unreachable`, `skipped`."""
    reason: str
    changes: tuple[str, ...] = ()
    send: bool = False
    outcome: str = ""
    """Once it was sent: `succeeded`, `failed again`, `on its way` still, or why it was not sent after all."""
    dead_letter: int | None = None
    """Where it failed again."""


_STATES = {
    Would.CREATE: "lost",
    Would.CHANGE: "differs",
    Would.NOTHING: "already so",
    Would.SKIP: "skipped",
    Would.DEPENDS: "skipped",
    Would.REFUSE: "refused",
    Would.UNKNOWN: "unreachable",
}


async def lines(stream: Stream, wanted: Wanted) -> list[Line]:
    """What is known of each server that is meant, some asked about side by side."""
    kids, places = await _standing_keys(stream), asyncio.Semaphore(AT_ONCE)

    async def of(server: Server) -> Line:
        async with places:
            return await _line(stream, wanted, server, kids)

    return await asyncio.gather(*[of(server) async for server in _servers(stream, wanted)])


async def _servers(stream: Stream, wanted: Wanted) -> AsyncIterator[Server]:
    """Those that are named; each of them must have been scanned. Without names, all."""
    for name in wanted.servers:
        server = await one_server(stream, name.strip().lower())
        if server is None:
            raise Refuse(f"no scan of {name} stands in the stream")
        yield server
    if not wanted.servers:
        which = Filter(sites=[wanted.site] if wanted.site else [])
        async for server in every_server(stream):
            if which.lets_through(server.status):
                yield server


async def _line(stream: Stream, wanted: Wanted, server: Server, kids: set[str]) -> Line:
    name = server.status.server
    if not server.passed(wanted.step):
        return Line(name, "not passed", f"its newest scan has not come through: {server.status.reason}")
    if wanted.step == OPENS_SEALS and (kid := _sealed_to(server)) not in kids:
        return Line(name, "scan again", f"its password is sealed to the key {kid}, which is gone")
    if wanted.step in SILENT:
        return Line(name, "lost", "this step answers no question, and looks by itself", send=True)
    try:
        verdict = await ask(stream.client, wanted.step, question(server))
    except Refuse as refusal:
        return Line(name, "scan again", refusal.reason)
    send = verdict.would is Would.CREATE or (wanted.overwrite and verdict.would in OVERWRITTEN)
    return Line(name, _STATES[verdict.would], verdict.reason, verdict.changes, send)


async def _standing_keys(stream: Stream) -> set[str]:
    """The ids of the keys that still open, retired ones too."""
    bucket = Stream(stream.client, "KV_KEYS")
    records = [stored async for stored in bucket.read("$KV.KEYS.>")]
    return {stored.subject.removeprefix("$KV.KEYS.") for stored in records if stored.data}


def _sealed_to(server: Server) -> str:
    """The key that its password is sealed to; empty where there is no telling."""
    stored = server.events.get(steps()[OPENS_SEALS].waits_for)
    try:
        event: Any = stored.decoded().event if stored else None
        return kid_of(event.sealed_password)
    except (Refuse, AttributeError, ValueError):
        return ""
