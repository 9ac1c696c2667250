"""The verdict before the scan: what each step would do, asked of all of them at once."""

import asyncio
from collections.abc import Mapping
from time import monotonic
from typing import Any

from events.asking import ask, asked_steps
from events.store_errors import Away
from events.stored import Stored
from events.stream import Stream
from events.subjects import event_of_any_site
from events.types import DeviceRecorded, Frozen
from events.values import IpAddress
from events.verdicts import Question, Verdict
from intake.problems import BadRegistration
from intake.registration import RegistrationRequest, read_registration, without_password
from intake.rules import check_before_scan
from intake.settings import Settings

PATIENCE = 1.5
"""Seconds for all of it. With the way there and back, a person waits for two at most."""
NATS_PATIENCE = 1.0
"""Seconds of these that NATS is given to tell what is recorded; the steps have what is left."""


def read_question(record: Mapping[str, Any], settings: Settings) -> tuple[Question, RegistrationRequest]:
    """What is to be asked of a registration record. Raises `BadRegistration`, for a password too."""
    try:
        request = read_registration(record)
        server = check_before_scan(request, settings)
    except BadRegistration as bad:
        raise BadRegistration(without_password(bad.errors, record)) from None
    return Question(server=server, registration=request.registration(), patience=PATIENCE), request


async def verdicts(question: Question, stream: Stream) -> list[Verdict]:
    """Every step's verdict, in the order of the chain. Raises `StoreError` when NATS is away."""
    began = monotonic()
    try:
        async with asyncio.timeout(NATS_PATIENCE):
            kept = await _kept_address(question, stream)
    except TimeoutError:
        raise Away(f"NATS does not answer within {NATS_PATIENCE:g} s") from None
    left = round(PATIENCE - (monotonic() - began), 1)
    asked = question.model_copy(update={"bmc_ip": kept, "patience": left})
    return list(await asyncio.gather(*(ask(stream.client, step, asked) for step in asked_steps())))


class _Recorded(Frozen):
    bmc_ip: IpAddress | None = None


async def _kept_address(question: Question, stream: Stream) -> IpAddress | None:
    """The address that the server has and this registration would leave it."""
    wanted = question.registration
    recorded = await stream.last(event_of_any_site(DeviceRecorded.name, question.server))
    address = _address_in(recorded) if recorded and wanted.bmc_ip is None else None
    if address is None or (wanted.bmc_prefix and address not in wanted.bmc_prefix):
        return None
    return address


def _address_in(recorded: Stored) -> IpAddress | None:
    try:
        return _Recorded.model_validate_json(recorded.data).bmc_ip
    except ValueError:
        return None
