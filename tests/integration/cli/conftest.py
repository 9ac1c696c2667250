"""The command line as a person runs it, in a thread of this process, on a real nats-server."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import structlog
from typer.testing import CliRunner, Result

from events.dead_letters import DeadLetter
from events.errors import Refuse
from events.ids import new_onboarding_id
from events.orders import Orders
from events.questions import answer_requests, checked
from events.subjects import event_subject
from events.types import AddressReserved, CredentialsStored, Event, HostEnrolled, Outcome, ServerScanned
from events.verdicts import Question, Verdict, Would
from onramp.cli import app
from tests.integration.rig import Rig, recorded, until


@dataclass
class Cli:
    """Runs commands against the rig's server, as ann."""

    rig: Rig

    async def __call__(
        self, *arguments: str, code: int = 0, input: str | None = None, **env: str | None
    ) -> Result:
        """Run it; the exit code must be the one that is expected."""
        environment = {
            "ONRAMP_NATS_URL": self.rig.server.url,
            "ONRAMP_OPERATOR": "ann",
            "ONRAMP_ACK_WAIT": str(self.rig.settings.ack_wait),
            "COLUMNS": "200",
            **env,
        }
        invoke = CliRunner().invoke
        result = await asyncio.to_thread(invoke, app, list(arguments), input=input, env=environment)
        assert result.exit_code == code, result.output
        return result

    async def json(self, *arguments: str, code: int = 0, **env: str | None) -> Any:
        """Run it with `--json`: one document on standard output."""
        return json.loads((await self(*arguments, "--json", code=code, **env)).stdout)


class NetBox:
    """A step that refuses until somebody mends its backend."""

    def __init__(self) -> None:
        self.mended = False
        self.orders: list[Orders] = []

    async def do(self, event: Event, orders: Orders) -> Event:
        self.orders.append(orders)
        if not self.mended:
            raise Refuse(f"the place of {event.server} is held by old", culprit="old")
        return recorded(event)


@pytest.fixture(autouse=True)
def _steps_in_silence() -> Iterator[None]:
    """The steps of the rig run in the process whose standard output is the command's."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.reset_defaults()


@pytest.fixture
def cli(rig: Rig) -> Cli:
    return Cli(rig)


@pytest.fixture
def netbox() -> NetBox:
    return NetBox()


@pytest.fixture
async def failed(rig: Rig, netbox: NetBox) -> int:
    """The id of the one dead letter that stands: dcoa-ra01u01's, of netbox_sync."""
    await rig.run(netbox_sync=netbox.do)
    await rig.scan()
    [letter] = await given_up(rig, 1)
    return letter.id


async def given_up(rig: Rig, count: int) -> list[DeadLetter]:
    """The dead letters, once so many stand."""
    found: list[DeadLetter] = []

    async def stand() -> bool:
        found[:] = await rig.dead_letters()
        return len(found) == count

    await until(stand)
    return found


Answers = Callable[..., Awaitable[None]]


@pytest.fixture
def answering(rig: Rig) -> Answers:
    """Have steps answer: `await answering(kea_sync=verdict_of)`, where it takes the question."""

    async def answer(**verdicts: Callable[[Question], Verdict]) -> None:
        for step, verdict_of in verdicts.items():

            async def check(question: Question, of: Callable[[Question], Verdict] = verdict_of) -> Verdict:
                return of(question)

            await answer_requests(rig.client, step, {f"check.{step}": checked(step, check)})
        await rig.client.flush()

    return answer


def verdict(would: Would, reason: str = "as told", step: str = "kea_sync", *changes: str) -> Verdict:
    return Verdict(step=step, would=would, reason=reason, changes=changes)


async def enrolled(rig: Rig, server: str = "dcoa-ra01u01") -> None:
    """A server that came through every step, up to its enrolled host."""
    device = recorded(await rig.scan(server))
    given = device.model_dump(exclude={"sealed_password"})
    credentials = {"mount": "onramp", "path": f"bmc/{server}", "version": 1}
    stored = CredentialsStored(**given, credentials=credentials)
    reserved = AddressReserved(**dict(stored))
    host = HostEnrolled(**dict(reserved), host={"namespace": "metal3", "name": server})
    for event, teller in (
        (device, "netbox_sync"),
        (stored, "vault_writer"),
        (reserved, "kea_sync"),
        (host, "metal3_sync"),
    ):
        assert event.outcome is Outcome.CREATED
        await rig.publish(event, **{"ce-source": f"/onramp/{teller}"})


async def unreadable(rig: Rig, server: str) -> None:
    """A scan of a server that holds no registration."""
    headers = {"ce-onboardingid": str(new_onboarding_id())}
    subject = event_subject(ServerScanned.name, "dcoa", server)
    await rig.client.jetstream().publish(subject, b"{}", headers=headers)
