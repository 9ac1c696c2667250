"""Registering servers with intake, several at a time; the same code for one scan and for ten thousand."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpx

from events.ids import new_onboarding_id
from onramp.cli.records import Record
from onramp.cli.validating import problems

AT_ONCE = 16
PATIENCE = 15.0
"""Seconds for which intake is asked again while it takes nothing."""
PATH = "/api/v1/servers/register"


@dataclass(frozen=True)
class Result:
    """What became of one record. `reason` says why it was not taken."""

    place: str
    server: str
    state: str
    """`accepted`, `valid` (a dry run), `refused` or `unanswered`."""
    onboarding_id: str = ""
    reason: str = ""
    warnings: tuple[str, ...] = ()


class Intake:
    """Intake's registration path."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._away = ""
        """Why nothing more is sent: it did not answer for so long that nobody should wait once for each."""

    async def register(self, record: Record) -> Result:
        """Send one record until it is taken or refused. Its id makes a second sending the same scan."""
        body = {"onboarding_id": str(new_onboarding_id()), **record.fields}
        give_up_at = monotonic() + PATIENCE
        while not self._away:
            try:
                answer = await self._http.post(PATH, json=body)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    return _result(record, answer)
                reason = _said(answer).get("detail", "it takes nothing now")
            except httpx.TransportError as error:
                reason = f"no answer ({type(error).__name__})"
            if monotonic() > give_up_at:
                self._away = f"intake at {self._http.base_url}: {reason}"
            else:
                await asyncio.sleep(0.5)
        return Result(record.place, record.name, "unanswered", reason=self._away)

    async def register_all(self, records: Sequence[Record]) -> AsyncIterator[Result]:
        """Each record's result, as they come."""
        waiting = iter(records)
        going: set[asyncio.Task[Result]] = set()
        while True:
            for record in waiting:
                going.add(asyncio.create_task(self.register(record)))
                if len(going) >= AT_ONCE:
                    break
            if not going:
                return
            done, going = await asyncio.wait(going, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()


@asynccontextmanager
async def intake_at(url: str) -> AsyncIterator[Intake]:
    """Intake, reached directly: it stands in the same network as whoever scans."""
    async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as http:
        yield Intake(http)


def validated(record: Record) -> Result:
    """What can be said of the record before it is sent; nothing is sent."""
    found = problems(record.fields)
    return Result(record.place, record.name, "refused" if found else "valid", reason="; ".join(found))


def _result(record: Record, answer: httpx.Response) -> Result:
    said = _said(answer)
    if answer.status_code == httpx.codes.ACCEPTED:
        warnings = tuple(said.get("warnings", ()))
        return Result(record.place, said["server"], "accepted", said["onboarding_id"], warnings=warnings)
    reason = said.get("detail") or f"intake answers {answer.status_code}"
    return Result(record.place, record.name, "refused", reason=str(reason))


def _said(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
