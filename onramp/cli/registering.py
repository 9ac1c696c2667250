"""Registering servers with intake: one by itself, or a file's in requests of some hundreds."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any

import httpx

from events.ids import new_onboarding_id
from intake.imports.formats import Record
from intake.problems import Problem
from onramp.cli.access import Access
from onramp.cli.output import NoAnswer
from onramp.cli.records import Judge

AT_ONCE = 200
"""Records in a request: few enough to see how it goes, enough for intake to store them side by side."""
PATIENCE = 15.0
"""Seconds for which intake is asked again while it takes nothing."""
ANSWERS_WITHIN = 60.0
"""Seconds for one answer: intake itself waits for NATS before it gives a record up."""

COME_AGAIN = {httpx.codes.SERVICE_UNAVAILABLE, httpx.codes.TOO_MANY_REQUESTS}
NOT_LET_IN = {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}


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
    """Intake's two paths of registrations."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def register(self, record: Record) -> Result:
        """Send one record until it is taken or refused. Raises `NoAnswer`."""
        answer = await self._post("/api/v1/servers/register", _body(record))
        if answer.status_code == httpx.codes.ACCEPTED:
            return _accepted(record, answer.json())
        return _refused(record, _detail(answer))

    async def register_all(self, records: Sequence[Record]) -> AsyncIterator[Result]:
        """Each record's result, in their order; those that there is no answer for come last."""
        for start in range(0, len(records), AT_ONCE):
            try:
                for result in await self._import(records[start : start + AT_ONCE]):
                    yield result
            except NoAnswer as error:
                for record in records[start:]:
                    yield Result(record.place, _name(record), "unanswered", reason=str(error))
                return

    async def _import(self, records: Sequence[Record]) -> list[Result]:
        answer = await self._post("/api/v1/servers/import", [_body(record) for record in records])
        if answer.status_code != httpx.codes.OK:
            raise self._no(_detail(answer))
        return [
            _accepted(records[told["index"]], told)
            if told["result"] == "accepted"
            else _refused(records[told["index"]], told["reason"])
            for told in answer.json()
        ]

    async def _post(self, path: str, body: object) -> httpx.Response:
        """The answer, asked for until there is one. Raises `NoAnswer`, also where nobody is let in."""
        give_up_at = monotonic() + PATIENCE
        while True:
            try:
                answer = await self._http.post(path, json=body)
                if answer.status_code in NOT_LET_IN:
                    raise self._no(f"{_detail(answer)}: set ONRAMP_TOKEN, or name a --token-file")
                if answer.status_code not in COME_AGAIN:
                    return answer
                reason = _detail(answer)
            except httpx.TransportError as error:
                reason = f"no answer ({type(error).__name__})"
            if monotonic() > give_up_at:
                raise self._no(reason)
            await asyncio.sleep(0.5)

    def _no(self, reason: str) -> NoAnswer:
        return NoAnswer(f"intake at {self._http.base_url}: {reason}")


@asynccontextmanager
async def intake_of(settings: Access) -> AsyncIterator[Intake]:
    """Intake, reached directly: it stands in the same network as whoever scans."""
    token = settings.bearer()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient(
        base_url=settings.intake_url, headers=headers, timeout=ANSWERS_WITHIN, trust_env=False
    ) as http:
        yield Intake(http)


def judged(record: Record, judge: Judge) -> Result:
    """What can be said of the record before it is sent; nothing is sent."""
    try:
        scan = judge.scan(record)
    except Problem as problem:
        return _refused(record, problem.detail)
    return Result(record.place, scan.server, "valid", warnings=scan.warnings)


def _body(record: Record) -> Mapping[str, Any]:
    """With an id of its own, so that a second sending is the same scan."""
    return {**record.fields, "onboarding_id": record.fields.get("onboarding_id") or str(new_onboarding_id())}


def _accepted(record: Record, told: Mapping[str, Any]) -> Result:
    warnings = tuple(told.get("warnings", ()))
    return Result(record.place, told["server"], "accepted", told["onboarding_id"], warnings=warnings)


def _refused(record: Record, reason: str) -> Result:
    return Result(record.place, _name(record), "refused", reason=reason)


def _name(record: Record) -> str:
    return str(record.fields.get("device_name") or "")


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"it answers {answer.status_code}"
