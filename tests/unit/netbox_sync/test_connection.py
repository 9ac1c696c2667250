"""The way to NetBox: nothing between us and it may change what we said."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from events.errors import Retry
from netbox_sync.client.connection import Connection
from netbox_sync.settings import Settings


class Elsewhere(BaseHTTPRequestHandler):
    """Sends every POST on to a path that answers a GET like a NetBox."""

    def do_POST(self) -> None:
        self.send_response(301)
        self.send_header("Location", "/api/elsewhere/")
        self.end_headers()

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"id": 1}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


async def test_a_post_that_is_sent_elsewhere_is_no_success(url: str) -> None:
    with pytest.raises(Retry, match="ONRAMP_NETBOX_URL"):
        await Connection(Settings(netbox_url=url)).post("dcim/devices", {})


async def test_a_token_is_in_no_repr() -> None:
    assert "hidden" not in repr(Settings.model_validate({"netbox_token": "hidden"}))
