"""The services, and through them their backends and keys."""

from contextlib import suppress

from events.asking import ask, asked_steps
from events.errors import Refuse
from events.seal import KeyRecord
from events.stream import Stream
from events.types import Registration
from events.verdicts import Question, Would
from onramp.cli.access import access
from onramp.cli.asking import question
from onramp.cli.keys import answered
from onramp.cli.output import NoAnswer, Refused
from onramp.cli.probes.finding import Finding, Health, get
from onramp.cli.standing import every_server


async def sealing_keys(stream: Stream) -> list[Finding]:
    """Whether there is a key that passwords are sealed with, and that opens them."""
    bucket = Stream(stream.client, "KV_KEYS")
    records: list[KeyRecord] = []
    unread: list[Finding] = []
    async for stored in bucket.read("$KV.KEYS.>"):
        if record := KeyRecord.of(stored.data):
            records.append(record)
        elif stored.data:
            unread.append(_unread(stored.subject.removeprefix("$KV.KEYS.")))
    sealing = [record for record in records if not record.retired]
    if not sealing:
        return [*unread, Finding("sealing keys", Health.BROKEN, "none that seals", "run `onramp keys new`")]
    return [*unread, await _opening(stream, f"that seal: {len(sealing)} of {len(records)}")]


def _unread(kid: str) -> Finding:
    do = f"remove it: `nats kv del KEYS {kid}`"
    return Finding(f"sealing key {kid}", Health.BROKEN, "can't be read", do)


async def _opening(stream: Stream, said: str) -> Finding:
    """Whether vault_writer finds the private halves of those that seal."""
    try:
        keys = (await answered(stream.client, "list", {}))["keys"]
    except (NoAnswer, Refused) as unknown:
        found = f"{said}; whether they open is not known: {unknown}"
        return Finding("sealing keys", Health.ATTENTION, found, "see what `step vault_writer` says")
    lost = ", ".join(key["kid"] for key in keys if key["lost"] and not key["retired"])
    if not lost:
        return Finding("sealing keys", Health.OK, said)
    found = f"{said}; the private key of {lost} is gone from OpenBao"
    do = "restore it, or run `onramp keys new` and then `onramp keys retire` it"
    return Finding("sealing keys", Health.BROKEN, found, do)


async def services(stream: Stream) -> list[Finding]:
    """Every step, and through it its backend: asked about a server that was scanned, where there is one."""
    asked = Question(server="onramp-doctor", registration=Registration(bmc_mac="02:00:00:00:00:01"))
    async for server in every_server(stream):
        with suppress(Refuse):
            asked = question(server)
            break
    found = []
    for step in asked_steps():
        verdict = await ask(stream.client, step, asked)
        known = verdict.would is not Would.UNKNOWN
        do = "" if known else "start it, or mend what it names"
        health = Health.OK if known else Health.BROKEN
        found.append(Finding(f"step {step}", health, f"{asked.server}: {verdict.reason}", do))
    return found


async def intake() -> list[Finding]:
    """Intake's own readiness."""
    answer = await get(f"{access().intake_url}/readyz")
    if isinstance(answer, str):
        return [Finding("intake", Health.BROKEN, answer, "start it, or set ONRAMP_INTAKE_URL")]
    checks = answer.json().get("checks", {})
    red = [f"{name}: {check['reason']}" for name, check in checks.items() if not check["ready"]]
    if red:
        return [Finding("intake", Health.BROKEN, "; ".join(red), "mend what it names")]
    return [Finding("intake", Health.OK, f"{access().intake_url} is ready")]
