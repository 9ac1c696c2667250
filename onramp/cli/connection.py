"""The command line's own way to NATS."""

import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import nats.errors
from nats.aio.client import Client

from events.encrypted import EncryptedClient, NotEncrypted
from events.stream import Stream
from onramp.cli.access import Access, access

PATIENCE = 10.0
"""Seconds for which a person waits."""


class NotConnected(Exception):
    """NATS does not answer, or lets us not in; says where, as whom, and what to do."""

    def __init__(self, found: str, do: str) -> None:
        super().__init__(f"{found}: {do}")
        self.found = found
        self.do = do


@asynccontextmanager
async def connected(environment: Mapping[str, str] | None = None) -> AsyncIterator[Stream]:
    """The stream ONBOARDING. `environment` takes the place of the process's own. Raises `NotConnected`."""
    given = {name.removeprefix("ONRAMP_").lower(): value for name, value in (environment or {}).items()}
    settings = Access.model_validate(given) if environment else access()
    _look_at_files(settings)
    client = EncryptedClient() if settings.wants_tls else Client()
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
            connect_timeout=int(PATIENCE),
            error_cb=_quiet,
        )
    except (OSError, ValueError, nats.errors.Error, TimeoutError) as error:
        raise _explained(settings, client.last_error or error) from None
    try:
        yield Stream(client, patience=PATIENCE)
    finally:
        await client.close()


def _look_at_files(settings: Access) -> None:
    """Name a file that can't be read before it fails as something else. Raises `NotConnected`."""
    for name in ("nats_creds", "nats_ca_file", "nats_cert_file", "nats_key_file"):
        file = getattr(settings, name)
        if file is not None and not os.access(file, os.R_OK):
            raise NotConnected(f"{file} can't be read", f"mend ONRAMP_{name.upper()}")


def _tls(settings: Access) -> ssl.SSLContext | None:
    if settings.nats_ca_file is None and settings.nats_cert_file is None:
        return None
    try:
        tls = ssl.create_default_context(cafile=settings.nats_ca_file)
        if settings.nats_cert_file:
            tls.load_cert_chain(settings.nats_cert_file, settings.nats_key_file)
    except ssl.SSLError as error:
        do = "ONRAMP_NATS_CA_FILE, ONRAMP_NATS_CERT_FILE and ONRAMP_NATS_KEY_FILE name PEM files"
        raise NotConnected(f"no certificate or key can be read ({error.reason})", do) from None
    return tls


async def _quiet(_error: Exception) -> None:
    """What goes wrong is told by the call that it went wrong in."""


def _explained(settings: Access, error: Exception) -> NotConnected:
    where, who = f"NATS at {settings.nats_url}", f" as {settings.nats_user}" if settings.nats_user else ""
    if isinstance(error, nats.errors.AuthorizationError) or "Authorization" in str(error):
        return NotConnected(f"{where} refuses us{who}", _other_credentials(settings))
    if isinstance(error, NotEncrypted):
        do = "have it require TLS; nothing was sent to it"
        return NotConnected(f"{where} does not require TLS, which was asked for", do)
    if isinstance(error, ssl.SSLCertVerificationError) and "mismatch" in error.verify_message:
        return NotConnected(f"{where} has another's certificate ({error.verify_message})", _OTHER_NAME)
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotConnected(f"{where} has a certificate of an unknown CA ({error.verify_message})", _OTHER_CA)
    if "CERTIFICATE_REQUIRED" in str(error):
        return NotConnected(f"{where} wants a certificate of ours", _OUR_CERTIFICATE)
    why = str(error) or type(error).__name__
    return NotConnected(f"{where} does not answer ({why})", "set ONRAMP_NATS_URL, or see that it runs")


_OTHER_NAME = "set ONRAMP_NATS_URL to a name that is in it"
_OUR_CERTIFICATE = "set ONRAMP_NATS_CERT_FILE and ONRAMP_NATS_KEY_FILE"
_OTHER_CA = "set ONRAMP_NATS_CA_FILE to that CA's certificate"


def _other_credentials(settings: Access) -> str:
    """What to set, by what was brought."""
    if settings.nats_creds:
        return f"its account knows no user of {settings.nats_creds}: mend ONRAMP_NATS_CREDS"
    if settings.nats_token:
        return "mend ONRAMP_NATS_TOKEN"
    return "set ONRAMP_NATS_USER and ONRAMP_NATS_PASSWORD"
