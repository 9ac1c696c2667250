"""A password is in no answer, no log line and no file of NATS, however it came."""

import base64
import json
from urllib.parse import quote

import pytest

from events.seal import public_part, seal
from tests.integration.intake.conftest import ID, MAC, Intake

CANARY = "c4n4ry/Pass+w0rd!"
FORMS = {
    "plain": CANARY.encode(),
    "json": json.dumps(CANARY)[1:-1].replace("/", "\\/").encode(),
    "urlencoded": quote(CANARY, safe="").encode(),
    "hex": CANARY.encode().hex().encode(),
    **{
        f"base64 from byte {i}": base64.b64encode(b"\0" * i + CANARY.encode())[4 if i else 0 : -4]
        for i in range(3)
    },
}
GOOD = {"device_name": "s1", "bmc_mac": MAC, "bmc_password": CANARY}
MISTYPED = ("device_name", "bmc_mac", "bmc_ip", "bmc_prefix", "boot_mac", "position")
MISSENT = ("onboarding_id", "scanned_at", "supersede")


def bodies() -> list[bytes]:
    """The canary in good records and in as many bad ones as there are ways to send it wrong."""
    records: list[object] = [
        GOOD,
        {**GOOD, "onboarding_id": ID},
        {**GOOD, "onboarding_id": ID, "serial": "S1"},
        {**GOOD, "scanned_at": "2000-01-01T00:00:00Z"},
        {**GOOD, "bmc_password_sealed": "x"},
        {**GOOD, "bmc_password": [CANARY]},
        {**GOOD, "bmc_password": {"value": CANARY}},
        {**GOOD, "bmc_password": CANARY + "\0"},
        {**GOOD, "bmc_pasword": CANARY},
        {**GOOD, "bmc_mac": {"bmc_password": CANARY}},
        {**GOOD, CANARY: "bmc_password"},
        {"bmc_password_sealed": CANARY, "bmc_mac": MAC, "device_name": "s1"},
        {
            "device_name": "s1",
            "bmc_mac": MAC,
            "bmc_address": f"ipmi://ADMIN:{CANARY}@10.0.0.1",
            "bmc_password": "x",
        },
        [GOOD],
        CANARY,
        *({**GOOD, field: CANARY} for field in (*MISTYPED, *MISSENT)),
        {**GOOD, "device_name": "", "site": CANARY, "rack": "r", "position": 1},
    ]
    whole = json.dumps(GOOD)
    broken = [
        whole[:-1],
        whole + whole,
        whole.replace("{", '{"bmc_password": "x", ', 1),
        whole.replace(":", ""),
    ]
    return [json.dumps(record).encode() for record in records] + [text.encode() for text in broken]


@pytest.mark.usefixtures("private")
async def test_the_password_is_told_nowhere(intake: Intake, capfd: pytest.CaptureFixture[str]) -> None:
    answers = []
    for body in bodies():
        for content_type in ("application/json", "text/plain"):
            answer = await intake.http.post(
                "/api/v1/servers/register", content=body, headers={"Content-Type": content_type}
            )
            assert answer.status_code in {202, 400, 409, 415, 422}
            answers.append(answer.content)
    answers.append((await intake.http.get("/api/v1/servers/s1/status")).content)
    answers.extend(str(answer).encode() for answer in capfd.readouterr())
    files = [file.read_bytes() for file in intake.rig.server.folder.rglob("*") if file.is_file()]
    assert any(b"onboarding.server-scanned" in file for file in files)
    found = [(form, text) for form in FORMS for text in [*answers, *files] if FORMS[form] in text]
    assert not found


async def test_the_canary_would_be_found(intake: Intake, private: dict[str, str]) -> None:
    clear = await intake.register(serial=CANARY)
    assert clear.status_code == 202
    files = [file.read_bytes() for file in intake.rig.server.folder.rglob("*") if file.is_file()]
    assert any(FORMS["plain"] in file for file in files)
    assert CANARY not in seal(CANARY, MAC, public_part(private))
