"""Asking a step what it would do: its find and decide, without act."""

import nats.errors
from pydantic import ValidationError

from events.fold import SILENT
from events.steps import steps
from events.stream import Stored, Stream
from events.types import Frozen, Registration
from events.values import IpAddress
from events.verdicts import Question, Verdict, Would
from onramp.cli.standing import Server

PATIENCE = 12.0
"""Seconds for one answer; a step gives up after 10 by itself."""
AT_ONCE = 8
"""Servers that are asked about at a time, in the step's own order."""


class _Known(Frozen):
    """What the events of an onboarding say of the BMC."""

    registration: Registration | None = None
    bmc_ip: IpAddress | None = None


def question(server: Server) -> Question:
    """What is asked about a server: its newest scan, and the address that was recorded for it."""
    known = [_known(stored) for stored in server.events.values()]
    registrations = [found.registration for found in known if found.registration]
    addresses = [found.bmc_ip for found in known if found.bmc_ip]
    return Question(
        server=server.status.server,
        registration=registrations[-1],
        bmc_ip=addresses[-1] if addresses else None,
    )


async def ask(stream: Stream, step: str, asked: Question) -> Verdict:
    """The step's verdict; unreachable where nobody answers."""
    payload = asked.model_dump_json().encode()
    try:
        answer = await stream.client.request(f"check.{step}", payload, timeout=PATIENCE)
        return Verdict.model_validate_json(answer.data)
    except nats.errors.NoRespondersError:
        return Verdict(
            step=step, would=Would.UNKNOWN, reason=f"no service answers for {step}: is it running?"
        )
    except (nats.errors.Error, TimeoutError):
        return Verdict(step=step, would=Would.UNKNOWN, reason=f"{step} does not answer in {PATIENCE:.0f} s")
    except ValidationError:
        return Verdict(step=step, would=Would.UNKNOWN, reason=f"{step} gives an answer that can't be read")


def checked_steps() -> list[str]:
    """The steps that answer questions, in the order of the chain: a silent one answers none."""
    return [name for name in steps() if name not in SILENT]


def _known(stored: Stored) -> _Known:
    try:
        return _Known.model_validate_json(stored.data)
    except ValidationError:
        return _Known()
