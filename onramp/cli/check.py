"""`onramp check`: what every backend holds against what the events say, without touching anything."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from events.asking import ask, asked_steps
from events.errors import Refuse
from events.status import State, StepState
from events.stream import Stream
from events.verdicts import Verdict, Would
from onramp.cli.asking import AT_ONCE, question
from onramp.cli.connection import connected
from onramp.cli.output import NOT_WELL, Json, Refused, console, print_json, run, uncut
from onramp.cli.standing import PASSED, Server, every_server, one_server

AGREES = {
    StepState.DONE: frozenset({Would.NOTHING}),
    StepState.SKIPPED: frozenset({Would.NOTHING, Would.SKIP, Would.DEPENDS}),
}
"""The verdicts that agree with what the events say of a step."""


@dataclass(frozen=True)
class Finding:
    """One step of one server: what its events say, and what its backend holds."""

    server: str
    step: str
    told: StepState
    verdict: Verdict

    @property
    def result(self) -> str:
        """`agrees`, `differs`, `unknown`, or `open`: the events don't say yet that it is done."""
        if self.verdict.would is Would.UNKNOWN:
            return "unknown"
        if self.told not in AGREES:
            return "open"
        return "agrees" if self.verdict.would in AGREES[self.told] else "differs"

    def row(self) -> Mapping[str, Any]:
        """For `--json`."""
        verdict = self.verdict.model_dump(mode="json", exclude={"step"})
        return {
            "server": self.server,
            "step": self.step,
            "told": self.told,
            "result": self.result,
            **verdict,
        }


_STYLES = {"agrees": "green", "differs": "bold red", "unknown": "yellow", "open": "dim"}


def check(
    server: Annotated[str | None, typer.Argument(help="One server; all when not given.")] = None,
    as_json: Json = False,
) -> None:
    """Ask every step what it would do now, and compare that with what the events say was done.

    A password is compared by nobody. Exit code 1 when anything differs, or a backend could not be asked.

    [dim]$[/] onramp check dcoa-ra07u45
    [dim]$[/] onramp check --json
    """
    run(_check(server, as_json))


async def _check(name: str | None, as_json: bool) -> int:
    async with connected() as stream:
        servers = await _servers(stream, name)
        found = await _findings(stream, servers)
    print_json([finding.row() for finding in found]) if as_json else console.print(_table(found, name))
    return NOT_WELL if any(finding.result in {"differs", "unknown"} for finding in found) else 0


async def _servers(stream: Stream, name: str | None) -> list[Server]:
    if name is None:
        return [server async for server in every_server(stream)]
    server = await one_server(stream, name.strip().lower())
    if server is None:
        raise Refused(f"no scan of {name} stands in the stream")
    return [server]


async def _findings(stream: Stream, servers: Sequence[Server]) -> list[Finding]:
    places = asyncio.Semaphore(AT_ONCE)

    async def of(server: Server) -> list[Finding]:
        async with places:
            return [await _finding(stream, server, step) for step in _asked(server)]

    found = await asyncio.gather(*(of(server) for server in servers))
    return [finding for findings in found for finding in findings]


def _asked(server: Server) -> list[str]:
    """The steps that an onboarding without a future never came to are not asked."""
    given_up = server.status.state in {State.INCOMPLETE, State.DISCARDED}
    return [step for step in asked_steps() if not given_up or _told(server, step) in PASSED]


async def _finding(stream: Stream, server: Server, step: str) -> Finding:
    try:
        verdict = await ask(stream.client, step, question(server))
    except Refuse as refusal:
        verdict = Verdict(step=step, would=Would.UNKNOWN, reason=refusal.reason)
    return Finding(server.status.server, step, _told(server, step), verdict)


def _told(server: Server, step: str) -> StepState:
    found = server.status.step(step)
    return found.state if found else StepState.WAITING


def _table(found: Sequence[Finding], name: str | None) -> RenderableType:
    """For one server every step; for all of them only what does not agree, and what could not be asked."""
    table = uncut("Server", "Step", "Events say", "Backend", "Would", "Difference")
    for finding in found:
        if name is None and finding.result in {"agrees", "open"}:
            continue
        verdict = finding.verdict
        changes = "\n".join(verdict.changes) or verdict.reason
        result = Text(finding.result, _STYLES[finding.result])
        table.add_row(finding.server, finding.step, finding.told, result, verdict.would, Text(changes))
    counts = [(result, sum(finding.result == result for finding in found)) for result in _STYLES]
    said = ", ".join(f"{count} {result}" for result, count in counts if count) or "no server"
    table.caption = said
    return table if table.rows else Text(said)
