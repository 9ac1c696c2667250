"""A service put together: its steps, its checks, its HTTP side, on one NATS connection.

A service's `app.py` hands in its handlers and ready checks and calls `run`; everything else is here.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import nats.errors
from faststream.nats import NatsBroker
from nats.aio.client import Client
from starlette.types import ASGIApp

from events import connection, http, logs, memory, telemetry, threads
from events.chassis import Chassis
from events.delivery import Handler
from events.onboardings import Onboardings
from events.orders import Orders
from events.questions import Answer, Check, answer_requests, checked
from events.readiness import Probe, Readiness
from events.settings import ServiceSettings
from events.steps import steps
from events.stream import Stream
from events.types import Event

E = TypeVar("E", bound=Event)

CLOSED_EXIT = 69
"""Exit code when NATS closed the connection for good: a supervisor starts the process again."""
BROKEN_EXIT = 70
"""Exit code when a part of the service ended that must not."""


class Service:
    """One service's process."""

    stream: Stream
    """ONBOARDING; there once the connection is."""

    def __init__(self, name: str, settings: ServiceSettings, *, patience: float = 60.0) -> None:
        """`patience`: seconds for which a publish is sent again while NATS is away."""
        self.name = name
        self.settings = settings
        self.readiness = Readiness()
        self._patience = patience
        self._handlers: list[Handler] = []
        self._answers: dict[str, Answer] = {}
        self._backgrounds: list[Callable[[Onboardings], Awaitable[None]]] = []
        self._beside: list[Callable[[Stream], Awaitable[None]]] = []
        self._app: ASGIApp | None = None
        self._largest_message = http.LARGEST_MESSAGE
        self._stopping = False
        self._exit: asyncio.Future[int]

    def step(
        self,
        name: str,
        *,
        takes: type[E],
        do: Callable[[E, Orders], Awaitable[Event | None]],
        check: Check | None = None,
    ) -> None:
        """Do this for every event that the step waits for; `check` answers on `check.<step>`."""
        verb: Callable[[Any, Orders], Awaitable[Event | None]] = do
        self._handlers.append(Handler(steps()[name], takes, verb))
        if check is not None:
            self.answers(f"check.{name}", checked(name, check))

    def ready_check(self, name: str, probe: Probe) -> None:
        """Be ready only while `probe` raises nothing."""
        self.readiness.add(name, probe)

    def answers(self, subject: str, answer: Answer) -> None:
        """Answer NATS requests on a subject that no stream holds; replicas share them."""
        self._answers[subject] = answer

    def background(self, run: Callable[[Onboardings], Awaitable[None]]) -> None:
        """Run this beside the messages of the service's first step; when it ends, the process does."""
        self._backgrounds.append(run)

    def beside(self, run: Callable[[Stream], Awaitable[None]]) -> None:
        """Run this on ONBOARDING, once NATS is connected; when it ends, the process does."""
        self._beside.append(run)

    def mount(self, app: ASGIApp, *, largest_message: int = http.LARGEST_MESSAGE) -> None:
        """Serve this beside the health paths. `largest_message`: bytes of a WebSocket's message."""
        self._app = app
        self._largest_message = largest_message

    def run(self) -> None:
        """Work until SIGTERM (exit code 0) or until going on makes no sense (another)."""
        memory.settle()
        logs.configure(self.name, self.settings.log_level)
        if self.settings.otlp_endpoint:
            telemetry.export_traces(self.name, self.settings.otlp_endpoint)
        code = asyncio.run(self._run())
        if threads.any_left():
            # What is in hand was finished or handed back; a client library's thread may sleep on for minutes.
            telemetry.flush()
            os._exit(code)
        sys.exit(code)

    async def _run(self) -> int:
        loop = asyncio.get_running_loop()
        self._exit = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, 0)
        self.readiness.set("nats", "not connected yet")
        broker = connection.broker(self.name, self.settings, on_closed=lambda: self._end(CLOSED_EXIT))
        settings = self.settings
        async with http.served(
            self.readiness.routes(),
            self._app,
            settings.http_host,
            settings.http_port,
            patience=settings.http_patience,
            largest_message=self._largest_message,
        ):
            working = asyncio.create_task(self._work(broker))
            working.add_done_callback(self._broken)
            code = await self._exit
            await ended(working, unless=lambda: self._stopping)
        logs.logger().info("ended", exit_code=code)
        return code

    async def _work(self, broker: NatsBroker) -> None:
        client = await broker.connect()
        self.stream = Stream(client, patience=self._patience)
        chassis = Chassis(self.name, self.settings, self.stream, broker, self.readiness)
        chassis.carry(self._handlers)
        await answer_requests(client, self.name, self._answers)
        logs.logger().info("started", steps=[handler.step.name for handler in self._handlers])
        parts = [asyncio.create_task(chassis.watch())]
        for background in self._backgrounds:
            run = background(chassis.onboardings(self._handlers[0].step))
            parts.append(asyncio.create_task(_endless(run)))
        parts += [asyncio.create_task(_endless(run(self.stream))) for run in self._beside]
        try:
            await asyncio.gather(*parts)
        finally:
            await asyncio.shield(self._stop(parts, chassis, client))

    async def _stop(self, parts: list["asyncio.Task[None]"], chassis: Chassis, client: Client) -> None:
        """Nothing new, then what is in hand, then the connection."""
        self._stopping = True
        for part in parts:
            await ended(part)
        await chassis.stop()
        with suppress(nats.errors.Error):
            await client.drain()

    def _end(self, code: int) -> None:
        if not self._exit.done():
            self._exit.set_result(code)

    def _broken(self, working: "asyncio.Task[None]") -> None:
        if not working.cancelled() and (error := working.exception()):
            logs.logger().critical("a part of the service broke", exc_info=error)
            self._end(BROKEN_EXIT)


async def ended(task: "asyncio.Task[object]", *, unless: Callable[[], bool] = lambda: False) -> None:
    """Cancel a task until it has ended, or ends by itself, for as long as the grace period.

    Once is not enough: Python 3.11's `wait_for`, which nats-py stands on, loses a cancellation that comes
    together with its result.
    """
    give_up_at = asyncio.get_running_loop().time() + connection.GRACE * 2
    while not task.done() and asyncio.get_running_loop().time() < give_up_at:
        if not unless():
            task.cancel()
        await asyncio.wait([task], timeout=1.0)


async def _endless(background: Awaitable[None]) -> None:
    await background
    raise RuntimeError("a background task ended that must not")
