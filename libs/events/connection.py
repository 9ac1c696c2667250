"""Delivery rule 11: one connection to NATS that comes back for ever; when it can't, the process ends."""

import ssl
from collections.abc import Callable

from faststream.nats import NatsBroker
from faststream.security import BaseSecurity, SASLPlaintext
from nats.aio.client import Client

from events import logs
from events.encrypted import EncryptedClient, wants_tls
from events.settings import ServiceSettings

GRACE = 25.0
"""Seconds that what is in hand is given at SIGTERM: within the 30 s of Kubernetes' own grace period."""


class _EncryptedBroker(NatsBroker):
    """FastStream makes its client by itself: here it is one that speaks to nobody in the clear."""

    async def _connect(self) -> Client:
        client = EncryptedClient()
        await client.connect(**self._connection_kwargs)
        self.config.connect(client)
        return client


def broker(name: str, settings: ServiceSettings, *, on_closed: Callable[[], None]) -> NatsBroker:
    """A broker that is not connected yet. `on_closed` is called when the client has given up for good."""

    async def closed() -> None:
        on_closed()

    async def disconnected() -> None:
        if not (made.connection.is_draining or made.connection.is_closed):
            logs.logger().warning("NATS is disconnected; reconnecting for as long as it takes")

    async def reconnected() -> None:
        logs.logger().info("NATS is connected again")

    async def error(cause: Exception) -> None:
        logs.logger().warning("NATS", error=f"{type(cause).__name__}: {cause}")

    encrypted = wants_tls(settings.nats_url, settings.nats_ca_file)
    made = (_EncryptedBroker if encrypted else NatsBroker)(
        settings.nats_url.split(","),
        name=name,
        security=_security(settings),
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        ping_interval=10,
        max_outstanding_pings=2,
        closed_cb=closed,
        disconnected_cb=disconnected,
        reconnected_cb=reconnected,
        error_cb=error,
        graceful_timeout=GRACE,
        apply_types=False,
        logger=None,
    )
    return made


def _security(settings: ServiceSettings) -> BaseSecurity:
    context = ssl.create_default_context(cafile=settings.nats_ca_file) if settings.nats_ca_file else None
    if settings.nats_user is None or settings.nats_password is None:
        return BaseSecurity(ssl_context=context)
    password = settings.nats_password.get_secret_value()
    return SASLPlaintext(settings.nats_user, password, ssl_context=context)
