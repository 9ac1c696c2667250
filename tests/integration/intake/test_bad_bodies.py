"""Bodies that nobody means well with: a clear answer to each, nothing stored, and no secret told."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.intake.conftest import Intake
from tests.integration.intake.schema_hooks import CANARY, NEVER
from tests.integration.intake.test_import_live import heard, listening
from tests.integration.rig import Rig

pytestmark = pytest.mark.usefixtures("private")

GOOD = json.dumps({"device_name": "s1", "bmc_mac": "3CECEFA19CE8", "bmc_password": CANARY})
NUMBERS = ["1e309", "-1e309", "NaN", "Infinity", "-Infinity", "9" * 400, "-" + "9" * 5000, "0." + "1" * 5000]
DEEP = 20_000


def objects() -> Iterator[bytes]:
    """What is no JSON object, or one that two readers would take differently, or one that says nonsense."""
    yield from (GOOD[:length].encode() for length in range(len(GOOD)))
    yield from (GOOD.replace('"3CECEFA19CE8"', number).encode() for number in NUMBERS)
    yield from (GOOD.replace("{", f'{{"position": {number}, ', 1).encode() for number in NUMBERS)
    yield from (opening.encode() * DEEP for opening in ("[", "{", '{"a":', '[{"a":'))
    yield GOOD.replace('"3CECEFA19CE8"', "[" * DEEP + "]" * DEEP).encode()
    yield GOOD.replace("{", '{"bmc_mac": "02000000000a", ', 1).encode()
    yield GOOD.replace("s1", "s1\\u0000").encode()
    yield GOOD.replace(CANARY, CANARY + "\\u0000").encode()
    yield GOOD.replace("s1", "\\ud800").encode()
    yield GOOD.replace("s1", "s\0").encode()
    yield b"\0" + GOOD.encode()
    yield b"\0" * 1000
    yield GOOD.replace("s1", "é").encode("latin-1")
    yield from (GOOD.encode(charset) for charset in ("utf-16", "utf-32", "utf-16-le"))
    yield GOOD.encode() + GOOD.encode()
    yield f'"{"x" * 60_000}"'.encode()


def arrays() -> Iterator[bytes]:
    """The same, each as the one record of a file; and files that are cut off."""
    yield from (b"[%b]" % each for each in objects() if each)
    yield from (f"[{GOOD}, {GOOD}"[:length].encode() for length in range(len(GOOD) + 4))
    yield from (b"[" * DEEP, b"[{}" + b"," * 1000, b"[" + b"1," * 20_000 + b"1]", b"[1e309]")


def yamls() -> Iterator[bytes]:
    """What is no list of registrations, though a careless reader might take it for one."""
    bomb = ["- &a0 [lol, lol]", *(f"- &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    texts = [
        "\n".join(bomb),
        "- bmc_mac: &m 3CECEFA19CE8\n  device_name: *m\n  bmc_password: x",
        "- &self\n  again: *self",
        "- <<: {bmc_mac: 3CECEFA19CE8, bmc_password: x, device_name: s1}",
        "- !!python/object/apply:os.system ['id']",
        "- {bmc_mac: 3CECEFA19CE8, bmc_mac: 3CECEFA19CE9, bmc_password: x, device_name: s1}",
        f"- {GOOD}\n---\n- {GOOD}",
        f"- {GOOD[:-1]}",
        f"- {GOOD}\n- {GOOD[:20]}",
        "[" * DEEP,
        "- " * 5000,
        "{a: " * DEEP,
        "- ? " * 5000,
        f"- {{bmc_mac: 3CECEFA19CE8, bmc_password: {CANARY}, device_name: s1, position: {'9' * 400}}}",
        *(
            f"- {{bmc_mac: 3CECEFA19CE8, bmc_password: x, device_name: s1, position: {number}}}"
            for number in (*NUMBERS, ".inf", ".nan")
        ),
        f"- {GOOD}\0",
        "%YAML 9.9\n---\n- a",
        "",
    ]
    yield from (text.encode() for text in texts)
    yield from (f"- {GOOD}".encode(charset) for charset in ("utf-16", "utf-32", "utf-16-le"))
    yield b"- \xff\xfe\xfd"


def tables() -> Iterator[bytes]:
    """What is no CSV of registrations."""
    head = "device_name,bmc_mac,bmc_password"
    texts = [
        f'{head}\ns1,3CECEFA19CE8,"{CANARY}',
        f"{head}\ns1,3CECEFA19CE8,{CANARY}\0",
        f'{head}\n"s1{"x" * 200_000}",3CECEFA19CE8,{CANARY}',
        f"{head},bmc_mac\ns1,3CECEFA19CE8,{CANARY},3CECEFA19CE9",
        f"{head}\ns1,3CECEFA19CE8,{CANARY},more",
        *(f"{head},position\ns1,3CECEFA19CE8,{CANARY},{number}" for number in NUMBERS),
        f"s1,3CECEFA19CE8,{CANARY}",
        "\0" * 1000,
        "," * 100_000,
        "",
    ]
    yield from (text.encode() for text in texts)
    yield from (f"{head}\ns1,3CECEFA19CE8,{CANARY}".encode(charset) for charset in ("utf-16", "utf-32"))
    yield f"{head}\né,3CECEFA19CE8,x".encode("latin-1")


def is_clear(answer: httpx.Response) -> bool:
    """A problem of the client's in RFC 9457's form, with headers and text that say nothing secret."""
    assert not [secret for secret in NEVER if secret in answer.text + str(answer.headers)], answer.text
    if not 400 <= answer.status_code < 500:
        return False
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    return bool(told["status"] == answer.status_code and told["title"] and told["detail"])


def all_refused(answer: httpx.Response) -> bool:
    """Each record stands for itself: those that can be told apart are refused one by one."""
    return answer.status_code == 200 and {one["result"] for one in answer.json()} <= {"refused"}


async def post(intake: Intake, path: str, body: bytes, content_type: str) -> httpx.Response:
    return await intake.http.post(path, content=body, headers={"Content-Type": content_type})


async def nothing_is_stored(intake: Intake) -> bool:
    return await intake.rig.stream.last("onboarding.>") is None


@pytest.mark.parametrize("path", ["/api/v1/servers/register", "/api/v1/servers/check"])
async def test_a_body_that_is_no_registration_is_refused(intake: Intake, path: str) -> None:
    for body in objects():
        answer = await post(intake, path, body, "application/json")
        assert is_clear(answer), (body[:200], answer.text)
    assert await nothing_is_stored(intake)


@pytest.mark.parametrize(
    ("content_type", "bodies"),
    [("application/json", arrays), ("application/yaml", yamls), ("text/csv", tables)],
)
async def test_a_file_that_is_no_list_of_registrations_is_refused(
    intake: Intake, content_type: str, bodies: Callable[[], Iterator[bytes]]
) -> None:
    for body in bodies():
        answer = await post(intake, "/api/v1/servers/import", body, content_type)
        assert is_clear(answer) or all_refused(answer), (body[:200], answer.text[:1000])
    assert await nothing_is_stored(intake)


@pytest.mark.parametrize("path", ["register", "check", "import"])
@pytest.mark.parametrize("charset", ["iso-8859-1", "utf-16", "utf-7", "\xff", "x" * 1000])
async def test_another_charset_is_refused(intake: Intake, path: str, charset: str) -> None:
    content_type = f"application/json; charset={charset}".encode("latin-1")
    answer = await intake.http.post(
        f"/api/v1/servers/{path}", content=GOOD.encode(), headers={b"Content-Type": content_type}
    )
    assert is_clear(answer)
    assert answer.status_code == 415
    assert await nothing_is_stored(intake)


async def test_a_websocket_refuses_them_too(rig: Rig, intake: Intake) -> None:
    for body in [*list(arrays())[::12], b"", b"\xff", b"[" * DEEP]:
        async with listening(intake) as client:
            await client.send(body)
            try:
                messages = await heard(client)
            except ConnectionClosed:
                messages = []
        said = json.dumps(messages)
        assert not [secret for secret in NEVER if secret in said]
        refused = [m for m in messages if m.get("result") == "refused" or 400 <= m.get("status", 0) < 500]
        assert refused, (body[:200], messages)
        assert not [m for m in messages if m.get("result") == "accepted"]
    assert await nothing_is_stored(intake)
