"""A client of NATS that speaks to nobody in the clear.

nats-py goes on without TLS where a server, or whoever is in between, does not ask for it, whatever CA or
`tls://` it was given, and then sends the credentials.
"""

from pathlib import Path

import nats.errors
from nats.aio.client import Client


class NotEncrypted(nats.errors.Error):
    """TLS was asked for, and the server does not require it."""

    def __str__(self) -> str:
        return "it does not require TLS, which was asked for: nothing was sent to it"


class EncryptedClient(Client):
    """Its connections are encrypted, or there are none."""

    def _connect_command(self) -> bytes:
        """The first that is sent, after the handshake. Raises `NotEncrypted` where there was none."""
        server = self._current_server
        if self._server_info.get("tls_required") or (server and server.uri.scheme == "wss"):
            return super()._connect_command()
        if self._transport:
            self._transport.close()  # type: ignore[no-untyped-call]
        raise NotEncrypted


def wants_tls(urls: str, *files: Path | None) -> bool:
    """Whether these comma-separated addresses, or a CA or a certificate beside them, ask for TLS."""
    return any(files) or any(url.strip().startswith("tls:") for url in urls.split(","))
