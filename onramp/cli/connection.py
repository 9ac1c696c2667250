"""The command line's own way to NATS."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import nats.errors
from nats.aio.client import Client

from events.stream import Stream
from onramp.cli.access import Access, access

PATIENCE = 10.0
"""Seconds for which a person waits."""


class NotConnected(Exception):
    """NATS does not answer, or lets us not in; says where, as whom, and what to set."""


@asynccontextmanager
async def connected(environment: Mapping[str, str] | None = None) -> AsyncIterator[Stream]:
    """The stream ONBOARDING. `environment` takes the place of the process's own. Raises `NotConnected`."""
    given = {name.removeprefix("ONRAMP_").lower(): value for name, value in (environment or {}).items()}
    settings = Access.model_validate(given) if environment else access()
    client = Client()
    try:
        await client.connect(
            settings.nats_url.split(","),
            name="onramp",
            user=settings.nats_user,
            password=settings.nats_password.get_secret_value() if settings.nats_password else None,
            token=settings.nats_token.get_secret_value() if settings.nats_token else None,
            user_credentials=str(settings.nats_creds) if settings.nats_creds else None,
            tls=_tls(settings),
            allow_reconnect=False,
            max_reconnect_attempts=1,  # The first connection counts among them; 60 would take two minutes.
            reconnect_time_wait=0,
            connect_timeout=3,
            error_cb=_quiet,
        )
    except (OSError, ValueError, nats.errors.Error, TimeoutError) as error:
        raise NotConnected(_explained(settings, client.last_error or error)) from None
    try:
        yield Stream(client, patience=PATIENCE)
    finally:
        await client.close()


def _tls(settings: Access) -> ssl.SSLContext | None:
    if settings.nats_ca_file is None and settings.nats_cert_file is None:
        return None
    tls = ssl.create_default_context(cafile=settings.nats_ca_file)
    if settings.nats_cert_file:
        tls.load_cert_chain(settings.nats_cert_file, settings.nats_key_file)
    return tls


async def _quiet(_error: Exception) -> None:
    """What goes wrong is told by the call that it went wrong in."""


def _explained(settings: Access, error: Exception) -> str:
    who = f" as {settings.nats_user}" if settings.nats_user else ""
    if isinstance(error, nats.errors.AuthorizationError) or "Authorization" in str(error):
        return f"NATS at {settings.nats_url} refuses us{who}: set ONRAMP_NATS_USER and ONRAMP_NATS_PASSWORD"
    why = str(error) or type(error).__name__
    return f"NATS at {settings.nats_url} does not answer ({why}): set ONRAMP_NATS_URL"
