"""A session with a Vault, played from its recorded answers, where they differ from OpenBao's."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from events.errors import Retry
from events.openbao import Mount, OpenBao, OpenBaoSettings

SAMPLES = Path(__file__).parents[2] / "samples"
PATH = "bmc/dcoa-ra07u15"


def recorded(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())["response"]
    return answer


class Vault(ThreadingHTTPServer):
    """Lets everybody log in, and says to other requests one after the other what it was told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.says: list[str] = []
        self.log_ins = 0

    def next_answer(self, path: str) -> dict[str, Any]:
        if not path.startswith("/v1/auth/"):
            return recorded(self.says.pop(0))
        self.log_ins += 1
        return recorded("openbao/login")


class Answering(BaseHTTPRequestHandler):
    server: Vault

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self) -> None:
        answer = self.server.next_answer(self.path)
        body = json.dumps(answer["body"]).encode()
        self.send_response(answer["status"])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def vault() -> Iterator[Vault]:
    with Vault() as server:
        Thread(target=server.serve_forever).start()
        yield server
        server.shutdown()


@pytest.fixture
def mount(vault: Vault) -> Mount:
    settings: dict[str, Any] = {"openbao_role_id": "role", "openbao_secret_id": "secret"}
    settings["openbao_address"] = f"http://127.0.0.1:{vault.server_port}"
    return Mount(OpenBao(OpenBaoSettings(**settings)), "onramp")


async def test_a_secret_is_read(vault: Vault, mount: Mount) -> None:
    vault.says = ["vault/secret-read"]

    secret = await mount.read(PATH)

    assert secret is not None
    assert secret.version == recorded("vault/secret-read")["body"]["data"]["metadata"]["version"]


async def test_a_token_that_is_called_invalid_is_replaced(vault: Vault, mount: Mount) -> None:
    vault.says = ["vault/invalid-token", "vault/secret-read"]

    assert await mount.read(PATH) is not None

    assert vault.log_ins == 2


async def test_a_standby_that_lags_behind_is_asked_again_later(vault: Vault, mount: Mount) -> None:
    vault.says = ["vault/standby-lags-behind", "vault/secret-read"]

    with pytest.raises(Retry, match="a status that it should not"):
        await mount.read(PATH)

    assert await mount.read(PATH) is not None
