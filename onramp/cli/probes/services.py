"""The services, and through them their backends and keys."""

from events.asking import ask, asked_steps
from events.seal import KeyRecord
from events.stream import Stream
from events.types import Registration
from events.verdicts import Question, Would
from onramp.cli.access import access
from onramp.cli.asking import question
from onramp.cli.probes.finding import Finding, Health, get
from onramp.cli.standing import every_server


async def sealing_keys(stream: Stream) -> list[Finding]:
    """Whether there is a key that passwords are sealed with."""
    bucket = Stream(stream.client, "KV_KEYS")
    records = [stored.data async for stored in bucket.read("$KV.KEYS.>") if stored.data]
    sealing = [record for record in map(KeyRecord.model_validate_json, records) if not record.retired]
    if not sealing:
        return [Finding("sealing keys", Health.BROKEN, "none that seals", "run `onramp keys new`")]
    return [Finding("sealing keys", Health.OK, f"that seal: {len(sealing)} of {len(records)}")]


async def services(stream: Stream) -> list[Finding]:
    """Every step, and through it its backend: asked about a server that was scanned, where there is one."""
    asked = Question(server="onramp-doctor", registration=Registration(bmc_mac="02:00:00:00:00:01"))
    async for server in every_server(stream):
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
