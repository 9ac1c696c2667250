"""Looks at each enrolled host whenever something may have changed, until its onboarding ends.

What changed only says when to look; what is judged is read at that moment. Every replica does the same,
since the stream takes each fact once.
"""

import asyncio
from datetime import UTC, datetime, timedelta

from events import logs
from events.dead_letters import Failure
from events.errors import Retry, StepError
from events.onboardings import Open
from events.store_errors import StoreError
from events.types import HostEnrolled, ServerReady
from events.values import ServerName
from metal3_sync.handler.values import secret_name
from metal3_sync.watch.agenda import Agenda
from metal3_sync.watch.judge import (
    Delayed,
    Failed,
    Judgement,
    Look,
    Ready,
    Rules,
    Waiting,
    is_promising,
    judge,
)
from metal3_sync.watch.ports import Hosts, Onboardings

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
LOOK_AGAIN = timedelta(seconds=60)
"""After a look that came to nothing; once Kubernetes is back, the next list looks at every host anyway."""


class Watch:
    """Follows hosts and onboardings; `open` are the servers that are enrolled and not known to have ended."""

    def __init__(self, hosts: Hosts, rules: Rules) -> None:
        self._hosts = hosts
        self._rules = rules
        self._open: set[ServerName] = set()
        self._trouble: str | None = "the BareMetalHosts are not listed yet"

    async def run(self, onboardings: Onboardings) -> None:
        """Watch for ever. What Kubernetes or the stream can't answer is asked again."""
        agenda = Agenda()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_hosts(agenda))
            tasks.create_task(self._follow_onboardings(agenda, onboardings))
            tasks.create_task(self._look(agenda, onboardings))

    async def ready(self) -> None:
        """Raises `Retry` while the hosts can't be watched."""
        if self._trouble is not None:
            raise Retry(self._trouble)

    async def _follow_hosts(self, agenda: Agenda) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                version = await self._hosts.hosts_version()
                for server in self._open:
                    agenda.now(server)
                self._trouble = None
                await self._hosts.follow_hosts(version, lambda name: self._changed(agenda, name))
            except StepError as error:
                self._trouble = error.reason
            except Exception as error:  # An answer that nobody foresaw must not end the service.
                logs.logger().exception("the watch of the hosts broke", error_type=type(error).__name__)
                self._trouble = f"the watch of the BareMetalHosts broke: {type(error).__name__}"
            pause = FIRST_PAUSE if self._trouble is None else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause)

    def _changed(self, agenda: Agenda, name: str) -> None:
        if name in self._open:
            agenda.now(ServerName(name))

    async def _follow_onboardings(self, agenda: Agenda, onboardings: Onboardings) -> None:
        async for told in onboardings.follow(HostEnrolled):
            agenda.now(told.event.server)

    async def _look(self, agenda: Agenda, onboardings: Onboardings) -> None:
        while True:
            server = await agenda.next()
            try:
                await self._look_at(server, agenda, onboardings)
            except (StepError, StoreError):
                agenda.later(server, datetime.now(UTC) + LOOK_AGAIN)
            except Exception:  # One host that nobody foresaw must not hold up all the others.
                logs.logger().exception("a look at a host broke", server=server)
                agenda.later(server, datetime.now(UTC) + LOOK_AGAIN)

    async def _look_at(self, server: ServerName, agenda: Agenda, onboardings: Onboardings) -> None:
        enrolled = await onboardings.open(HostEnrolled, server)
        if enrolled is None:
            self._open.discard(server)
            return
        self._open.add(server)
        judgement = judge(await self._see(server, enrolled.since), self._rules)
        await _tell(enrolled, judgement, onboardings)
        match judgement:
            case Ready():
                self._open.discard(server)
            case Waiting(until) | Delayed(until=until) if until is not None:
                agenda.later(server, until)

    async def _see(self, server: ServerName, since: datetime) -> Look:
        if self._rules.ready_when == "enrolled":
            return Look(None, None, since, datetime.now(UTC))
        host = await self._hosts.host(server)
        secret = await self._hosts.secret(secret_name(server)) if is_promising(host) else None
        version = (secret_name(server), secret.version) if secret else None
        return Look(host, version, since, datetime.now(UTC))


async def _tell(enrolled: Open[HostEnrolled], judgement: Judgement, onboardings: Onboardings) -> None:
    event = enrolled.event
    match judgement:
        case Ready(state):
            facts = event.model_dump(include=set(ServerReady.model_fields))
            await onboardings.end(ServerReady(**facts, state=state))
        case Delayed(reason, next_attempt_at):
            await onboardings.delayed(event, reason, next_attempt_at)
        case Failed(reason):
            culprit = f"BareMetalHost {event.host.namespace}/{event.host.name}"
            await onboardings.failed(enrolled, Failure(reason, "HostNotReady", culprit))
