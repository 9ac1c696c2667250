"""The demo, run once as `make demo ONCE=1` runs it, and what it leaves behind."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.e2e.sandbox import SERVERS, running

pytestmark = pytest.mark.timeout(300)

CANARY = "canary/Zx81+Wq&47="


@dataclass(frozen=True)
class Demo:
    exit_code: int
    printed: str
    folder: Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with running(folder, "--servers", str(SERVERS), "--once") as sandbox:
        code = sandbox.process.wait(timeout=240)
        yield Demo(code, sandbox.printed(), folder)


def spellings(secret: str) -> dict[str, bytes]:
    """How a secret may stand in a file; of base64 the part that does not hang on what stands around it."""
    clear = secret.encode()
    found = {
        "clear": clear,
        "JSON": json.dumps(secret)[1:-1].encode(),
        "hex": clear.hex().encode(),
        "URL": quote(secret, safe="").encode(),
        "form": quote_plus(secret).encode(),
    }
    for shift in range(3):
        whole = (b"\0" * shift + clear)[: (shift + len(clear)) // 3 * 3]
        skipped = 4 if shift else 0
        found[f"base64, shifted by {shift}"] = base64.b64encode(whole)[skipped:]
        found[f"URL-safe base64, shifted by {shift}"] = base64.urlsafe_b64encode(whole)[skipped:]
    return found


def places_of(secret: str, folder: Path) -> list[str]:
    """Every file in which it stands, and how it is spelled there."""
    return [
        f"{file.relative_to(folder)}: {spelling}"
        for file in folder.rglob("*")
        if file.is_file()
        for spelling, needle in spellings(secret).items()
        if needle.lower() in file.read_bytes().lower()
    ]


def test_every_server_settles_as_the_example_expects(demo: Demo) -> None:
    assert demo.exit_code == 0, demo.printed


def test_the_canary_stands_in_no_file_of_nats_no_log_and_no_answer(demo: Demo) -> None:
    assert CANARY in {server["scan"]["bmc_password"] for server in json.loads(SERVERS.read_text())}
    assert places_of(CANARY, demo.folder) == []


def test_what_was_searched_are_the_nats_store_the_logs_and_the_answers(demo: Demo) -> None:
    sandbox = demo.folder / "sandbox"
    assert b"onboarding.server-scanned" in b"".join(
        file.read_bytes() for file in (sandbox / "nats").rglob("*.blk")
    )
    for service in ("intake", "netbox_sync", "vault_writer", "kea_sync", "metal3_sync"):
        assert f'"service": "{service}"' in (sandbox / f"{service}.log").read_text()
    answers = (sandbox / "answers.log").read_text()
    assert "/register 202" in answers
    assert "/api/v1/servers/edge-07/status 200" in answers


@pytest.mark.parametrize("spelling", spellings(CANARY))
def test_the_search_finds_every_spelling(spelling: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before " + spellings(CANARY)[spelling] + b" after")
    assert f"file: {spelling}" in places_of(CANARY, tmp_path)


def test_no_service_asked_nats_for_what_it_may_not(demo: Demo) -> None:
    log = (demo.folder / "sandbox" / "nats.log").read_text()
    assert [line for line in log.splitlines() if "Violation" in line] == []
