"""The demo: tells a story of scans to a running system, shows it live, and compares how it came out."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from uuid import UUID

import httpx
from rich.console import Console
from rich.live import Live
from rich.table import Table

from events.status import State
from onramp.cli.connection import connected
from onramp.live.board import Board
from onramp.live.table import drawn
from onramp.sandbox.processes import NotStarted, until
from onramp.sandbox.story import Chapter
from onramp.sandbox.system import System

SETTLES_WITHIN = 180.0
_BETWEEN_SCANS = 0.4


@dataclass(frozen=True)
class Told:
    """A chapter that intake took."""

    chapter: Chapter
    onboarding_id: UUID


class Stoppable(Protocol):
    """A backend that a chapter may take down."""

    async def start(self) -> None:
        """Bring it back."""

    async def stop(self) -> object:
        """Take it down."""


class Demo:
    """One telling of a story."""

    def __init__(
        self, system: System, console: Console, stoppable: Mapping[str, Stoppable] | None = None
    ) -> None:
        """`stoppable`: what may be taken down, by name; the emulators, unless the caller has others."""
        self.system = system
        self.console = console
        self._stoppable = system.backends.emulators if stoppable is None else stoppable
        self.board = Board()
        self._told: list[Told] = []
        self._answers = system.folder / "answers.log"

    async def tell(self, chapters: Sequence[Chapter]) -> list[str]:
        """Post every scan and wait until all have settled; in what the story came out otherwise.

        A chapter that takes down what nobody may stop, a real backend, is left out. Raises `NotStarted`
        when a process of the system ends by itself.
        """
        chapters = [chapter for chapter in chapters if self._tellable(chapter)]
        try:
            async with asyncio.timeout(SETTLES_WITHIN):
                await self._while_following(self._tell(chapters))
        except TimeoutError:
            self.console.print(f"[red]Not everything settled within {SETTLES_WITHIN:.0f} s.[/]")
        return self._differences(chapters)

    async def stay(self) -> None:
        """Show what else is scanned, until cancelled."""
        await self._while_following(asyncio.Event().wait())

    async def ask_services(self, servers: Sequence[str]) -> None:
        """Each server's status, and what each service says of itself: kept among the answers."""
        async with self._http() as http:
            for server in servers:
                await http.get(f"{self.system.urls['intake']}/api/v1/servers/{server}/status")
            await http.get(f"{self.system.urls['intake']}/api/v1/keys")
            for url in self.system.urls.values():
                await http.get(f"{url}/readyz")
                await http.get(f"{url}/metrics")

    async def _while_following(self, doing: Coroutine[None, None, object]) -> None:
        async with connected(self.system.environment("reader")) as stream:
            following = asyncio.create_task(self.board.follow(stream))
            guarding = asyncio.create_task(until(self.system.failed))
            acting = asyncio.create_task(doing)
            tasks = (following, guarding, acting)
            try:
                with Live(get_renderable=self._picture, console=self.console, refresh_per_second=4):
                    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if failed := self.system.failed():
                    raise NotStarted(failed)
                for task in done:
                    await task
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _tellable(self, chapter: Chapter) -> bool:
        tellable = chapter.down is None or chapter.down in self._stoppable
        if not tellable:
            self.console.print(f"[dim]Left out, for {chapter.down} is no emulator here: {chapter.story}[/]")
        return tellable

    async def _tell(self, chapters: Sequence[Chapter]) -> None:
        for chapter in chapters:
            if chapter.after:
                await self.board.until(partial(self._stands, chapter.after.server, chapter.after.state))
            self.console.print(f"[bold]{chapter.server:<14}[/] {chapter.story}", highlight=False)
            if chapter.down:
                await self._down_for(chapter, self._stoppable[chapter.down])
            else:
                await self._scan(chapter)
            await asyncio.sleep(_BETWEEN_SCANS)
        await self.board.until(self._all_settled)

    async def _down_for(self, chapter: Chapter, backend: Stoppable) -> None:
        """Take it down, scan, and bring it back once the server is known to wait."""
        await backend.stop()
        await self._scan(chapter)
        await self.board.until(lambda: self._stands(chapter.server, State.DELAYED))
        await backend.start()

    async def _scan(self, chapter: Chapter) -> None:
        async with self._http() as http:
            url = f"{self.system.urls['intake']}/api/v1/servers/register"
            answer = await http.post(url, json=chapter.scan)
        if answer.status_code != httpx.codes.ACCEPTED:
            raise NotStarted(f"intake answers {answer.status_code} to {chapter.server}: {answer.text}")
        self._told.append(Told(chapter, UUID(answer.json()["onboarding_id"])))
        await self.board.until(lambda: self._told[-1].onboarding_id in self.board.onboardings)

    def _http(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(trust_env=False, timeout=20, event_hooks={"response": [self._note]})

    async def _note(self, answer: httpx.Response) -> None:
        await answer.aread()
        with self._answers.open("a") as notes:
            notes.write(f"{answer.request.method} {answer.url} {answer.status_code}\n")
            notes.write(f"{answer.headers}\n{answer.text}\n\n")

    def _picture(self) -> Table:
        return drawn(list(self.board.servers.values()))

    def _stands(self, server: str, state: State) -> bool:
        status = self.board.servers.get(server)
        return status is not None and status.state is state

    def _all_settled(self) -> bool:
        """Whether the newest onboarding of every server that was scanned is."""
        newest = {told.chapter.server: told.onboarding_id for told in self._told}
        return all(self.board.onboardings[onboarding].status.settled for onboarding in newest.values())

    def _differences(self, chapters: Sequence[Chapter]) -> list[str]:
        untold = [f"{chapter.server}: never scanned" for chapter in chapters[len(self._told) :]]
        wrong = []
        for told in self._told:
            seen = self.board.onboardings[told.onboarding_id]
            wrong += [
                f"{told.chapter.server} ({told.chapter.story}): {difference}"
                for difference in told.chapter.expect.differences(seen.status, seen.delays)
            ]
        return [*wrong, *untold]
