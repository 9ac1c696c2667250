"""`onramp lease force`: another MAC's live lease may be deleted for a server that waits for its address."""

import re
from dataclasses import asdict, dataclass
from typing import Annotated

import typer

from events.asking import ask
from events.orders import FORCE_LEASE
from events.steps import steps
from events.stream import Stream
from events.verdicts import Verdict, Would
from onramp.cli.asking import question
from onramp.cli.connection import connected
from onramp.cli.operating import AskedWhy, Yes, agreed, replays_on, told
from onramp.cli.output import Json, NoAnswer, Refused, console, errors, print_json, run
from onramp.cli.standing import one_server

app = typer.Typer(help="Leases that stand in a server's way.", no_args_is_help=True)

STEP = "kea_sync"
_HELD = re.compile(r"(?P<address>\S+) is leased on (?P<dhcp_server>\S+) to (?P<mac>[0-9a-f:]{17}) ")
"""How kea_sync says whose live lease it will not touch."""


@dataclass(frozen=True)
class Holder:
    """Whose lease it is."""

    mac: str
    address: str
    dhcp_server: str
    reason: str


@app.callback()
def _group() -> None:
    """Leases that stand in a server's way."""


@app.command()
def force(
    server: Annotated[str, typer.Argument(help="The server whose address is leased to another.")],
    why: AskedWhy = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Let kea_sync delete another MAC's live lease on this server's address, that one lease and once.

    Shows first whose it is: whoever holds it goes on using the address until it asks again.

    [dim]$[/] onramp lease force dcoa-ra07u45 --why "the old board is unplugged"
    """
    run(_force(server.strip().lower(), why, yes, as_json))


async def _force(server: str, why: str | None, yes: bool, as_json: bool) -> int:
    async with connected() as stream:
        holder = await _holder(stream, server)
        if not as_json or not yes:
            errors.print(holder.reason, markup=False, highlight=False, soft_wrap=True)
        if not yes:
            agreed(f"Delete the lease of {holder.mac} on {holder.address}?")
        orders = {FORCE_LEASE: f"{holder.mac}@{holder.address}"}
        waits_for = steps()[STEP].waits_for
        await replays_on(stream).again(STEP, waits_for, server, told(why), orders)
    if as_json:
        print_json({"server": server, **asdict(holder), "sent": True})
    else:
        console.print(f"Sent to {STEP}; follow it with: onramp watch --server {server}", highlight=False)
    return 0


async def _holder(stream: Stream, server: str) -> Holder:
    """Whose lease stands in the way now, by Kea's own word. Raises `Refused` when there is none to force."""
    found = await one_server(stream, server)
    if found is None:
        raise Refused(f"no scan of {server} stands in the stream")
    verdict = await ask(stream.client, STEP, question(found))
    return holder_in(server, verdict)


def holder_in(server: str, verdict: Verdict) -> Holder:
    """The holder that a verdict names. Raises `Refused` where it names none, `NoAnswer` without a verdict."""
    held = _HELD.search(verdict.reason)
    if held:
        return Holder(held["mac"], held["address"], held["dhcp_server"], verdict.reason)
    if verdict.would is Would.UNKNOWN and "is leased on" not in verdict.reason:
        raise NoAnswer(verdict.reason)
    if verdict.would is Would.UNKNOWN:
        raise Refused(f"no lease can be forced: {verdict.reason}")
    raise Refused(f"no other's lease stands in the way of {server}: {verdict.reason}")
