"""`onramp watch`: onboarding live, until all that is meant has settled."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from events.following import standing
from events.status import ServerStatus
from events.stream import Stream
from onramp.cli.connection import connected
from onramp.cli.output import NOT_WELL, Json, NoAnswer, console, counted, print_json, run
from onramp.cli.servers import Servers, Sites
from onramp.cli.standing import Filter
from onramp.live.board import Board
from onramp.live.table import drawn

SHOWN = 30
"""Servers that the picture has room for; the others are counted."""


def watch(site: Sites = None, server: Servers = None, as_json: Json = False) -> None:
    """Follow onboarding until all that is named has settled: has ended, or failed.

    Exit code 1 when some have not ended. A server that is named and not scanned yet is waited for.

    [dim]$[/] onramp watch --site dcoa
    [dim]$[/] onramp watch --server edge-07 --json
    """
    names = [name.strip().lower() for name in server or ()]
    run(_watch(Filter(site or (), names), as_json))


async def _watch(which: Filter, as_json: bool) -> int:
    board = Board()
    async with connected() as stream:
        try:
            await _until_settled(stream, board, which, as_json)
        except (asyncio.CancelledError, NoAnswer):
            _report(_meant(board, which), as_json)
            raise
    found = _meant(board, which)
    _report(found, as_json)
    return 0 if all(status.ended for status in found) else NOT_WELL


async def _until_settled(stream: Stream, board: Board, which: Filter, as_json: bool) -> None:
    """Raises `NoAnswer` when the connection is lost before."""
    async for stored in standing(stream, "onboarding.*.*.*"):
        board.take(stored)
    following = asyncio.create_task(board.follow(stream))
    settling = asyncio.create_task(board.until(lambda: _all_settled(board, which)))
    picture = Live(
        get_renderable=lambda: _picture(_meant(board, which)), console=console, refresh_per_second=4
    )
    try:
        with nullcontext() if as_json or not console.is_terminal else picture:
            ended, _ = await asyncio.wait({following, settling}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (following, settling):
            task.cancel()
        await asyncio.gather(following, settling, return_exceptions=True)
    if settling not in ended:
        raise NoAnswer("the connection to NATS is lost: watch again")


def _meant(board: Board, which: Filter) -> list[ServerStatus]:
    return [status for status in board.servers.values() if which.lets_through(status)]


def _all_settled(board: Board, which: Filter) -> bool:
    found = _meant(board, which)
    named = set(which.servers) <= {status.server for status in found}
    return named and all(status.settled for status in found)


def _picture(found: Sequence[ServerStatus]) -> RenderableType:
    going = [status for status in found if not status.settled]
    settled = [status for status in found if status.settled]
    shown = [*settled[len(settled) - max(0, SHOWN - len(going)) :], *going][-SHOWN:]
    return Group(drawn(shown), Text(f"{len(settled)} of {len(found)} have settled", "dim"))


def _report(found: Sequence[ServerStatus], as_json: bool) -> None:
    if as_json:
        return print_json([{**asdict(status), "ended": status.ended} for status in found])
    for status in found:
        if not status.ended:
            line = f"{status.server} has not ended: {status.state}: {status.reason}"
            console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
    ended = sum(status.ended for status in found)
    return console.print(f"{counted(len(found), 'server')}: {ended} ended, {len(found) - ended} not")
