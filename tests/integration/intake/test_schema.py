"""Every answer is one that the OpenAPI document tells of, whatever is sent."""

from pathlib import Path

import httpx
import pytest

from tests.integration.intake.a_fuzzer import ENDLESS, UNLIMITED, fuzzed
from tests.integration.intake.a_process import running
from tests.integration.intake.conftest import Intake
from tests.integration.intake.test_api_page import WEBHOOK

pytestmark = pytest.mark.timeout(300)


@pytest.mark.usefixtures("private", "backends")
async def test_no_answer_is_outside_of_the_document(intake: Intake, tmp_path: Path) -> None:
    settings = {**UNLIMITED, "ONRAMP_REFERENCE_WEBHOOK_SECRET": WEBHOOK}
    async with running(intake.rig, tmp_path, **settings) as replica:
        assert "Stateful" in await fuzzed(replica, tmp_path)


@pytest.mark.usefixtures("private")
async def test_no_answer_of_the_endless_path_is_either(intake: Intake, tmp_path: Path) -> None:
    odd = ["", "\0", "x" * 10_000, "0-0", "é", "../..", "9" * 400, "-1", "a.b", "*", ">", "\n", "\ud7ff"]
    sent: list[tuple[dict[str, str], dict[str, str]]] = [
        ({name: value}, {}) for name in ("site", "server") for value in odd
    ]
    printable = [value for value in odd if value.isprintable() and value.isascii()]
    sent += [({}, {"Last-Event-ID": value}) for value in printable]
    async with (
        running(intake.rig, tmp_path, **UNLIMITED) as replica,
        httpx.AsyncClient(base_url=replica.url, timeout=20) as http,
    ):
        documented = (await http.get("/openapi.json")).json()["paths"][ENDLESS]["get"]["responses"]
        for query, headers in sent:
            async with http.stream("GET", ENDLESS, params=query, headers=headers) as answer:
                [media_type] = documented[str(answer.status_code)]["content"]
                assert answer.status_code < 500
                assert answer.headers["Content-Type"].partition(";")[0] == media_type
