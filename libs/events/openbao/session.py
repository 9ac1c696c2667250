"""A session with OpenBao: logged in when a request needs it, and its refusals in our own words.

::

    400          Retry; at once where another was faster than our check-and-set
    401, 403     log in once more; again: Retry, naming what is denied
    404          Retry where the mount is missing; where only the secret is, the asker's to understand
    429          Retry
    5xx, sealed, no connection, time-out: Unreachable

Nothing here quotes what OpenBao or the library says, so that no error can hold a secret.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import hvac
import requests
from hvac.exceptions import (
    BadGateway,
    Forbidden,
    InternalServerError,
    InvalidPath,
    RateLimitExceeded,
    Unauthorized,
    UnexpectedError,
    VaultDown,
    VaultError,
    VaultNotInitialized,
)

from events.breaker import Backend
from events.errors import Retry, Unreachable
from events.openbao.settings import OpenBaoSettings
from events.threads import in_thread

Answer = TypeVar("Answer")

_UNWELL = (VaultDown, VaultNotInitialized, InternalServerError, BadGateway, UnexpectedError)
_TROUBLES: Mapping[type[Exception], str] = {
    VaultNotInitialized: "is not initialised",
    UnexpectedError: "answers with a status that it should not",
    VaultError: "answers that it is unwell (5xx)",
    requests.exceptions.SSLError: "shows a certificate that we do not trust: see ONRAMP_OPENBAO_CA_FILE",
    requests.exceptions.Timeout: "did not answer in time",
    requests.exceptions.ConnectionError: "cannot be connected to",
}
_RENEWED_AFTER = 2 / 3
"""The part of a token's life after which it is renewed."""


class OpenBao:
    """One OpenBao, entered by AppRole. Its token is renewed in time and replaced when it has ended."""

    def __init__(self, settings: OpenBaoSettings) -> None:
        self.backend = Backend("OpenBao", settings.openbao_address)
        self._settings = settings
        # An empty token and certificate, since without one the library would look for somebody else's in the
        # environment.
        self._client = hvac.Client(
            url=settings.openbao_address,
            token="",
            cert="",
            session=_session(settings),
            timeout=(settings.openbao_connect_timeout, settings.openbao_read_timeout),
        )
        self._entering = asyncio.Lock()
        self._life = 0.0
        self._renew_at = 0.0

    async def request(self, path: str, ask: Callable[[hvac.Client], Answer]) -> Answer:
        """One request about `path`, made by `ask` in a thread.

        Raises `Unreachable`, `Retry`, and the library's `InvalidPath` where only the secret is missing.
        """
        token = await self._token()
        try:
            try:
                return await self._ask(ask)
            except (Forbidden, Unauthorized):
                await self._token(ended=token)
                return await self._ask(ask)
        except InvalidPath as missing:
            if "no handler for route" not in str(missing):
                raise
            raise Retry(
                f"OpenBao has nothing mounted for {path}: enable it there or mend the setting"
            ) from None
        except VaultError as refusal:
            raise _retry(refusal, path) from None

    async def _token(self, ended: str = "") -> str:
        """A token that is alive as far as we know: not the one that `ended`."""
        async with self._entering:
            if self._client.token == ended:
                await self._log_in()
            elif time.monotonic() >= self._renew_at:
                await self._renew()
            return str(self._client.token)

    async def _log_in(self) -> None:
        mount, role = self._settings.openbao_approle_mount, self._settings.openbao_role_id
        secret = self._settings.openbao_secret_id.get_secret_value()
        try:
            answer = await self._ask(
                lambda client: client.auth.approle.login(role, secret, mount_point=mount)
            )
        except VaultError:
            raise Retry(
                f"OpenBao refuses our log-in at auth/{mount}: mend ONRAMP_OPENBAO_ROLE_ID,"
                " ONRAMP_OPENBAO_SECRET_ID or ONRAMP_OPENBAO_APPROLE_MOUNT"
            ) from None
        # 0 says that it lives for ever.
        self._life = float(answer["auth"]["lease_duration"]) or float("inf")
        self._renew_at = time.monotonic() + self._life * _RENEWED_AFTER

    async def _renew(self) -> None:
        """Renew the token, or log in where that is refused or its longest life is near."""
        try:
            answer = await self._ask(lambda client: client.auth.token.renew_self())
            left = float(answer["auth"]["lease_duration"])
        except (VaultError, Unreachable):
            # Past its longest life the answer is a 500; a server that is down says so to the log-in too.
            left = 0.0
        if left < self._life / 2:
            await self._log_in()
        else:
            self._renew_at = time.monotonic() + left * _RENEWED_AFTER

    async def _ask(self, ask: Callable[[hvac.Client], Answer]) -> Answer:
        async with self.backend.call():
            try:
                return await in_thread(ask, self._client)
            except (*_UNWELL, OSError) as error:  # requests' own errors are OSErrors
                address = self.backend.address
                raise Unreachable(f"OpenBao at {address} {_trouble(error)}", backend=address) from None
            except VaultError as error:
                # It answers, whatever it says: raised outside, so that the breaker does not miss it.
                refusal = error
        if isinstance(refusal, RateLimitExceeded):
            raise Retry("OpenBao asks for fewer requests (429)")
        raise refusal


def _session(settings: OpenBaoSettings) -> requests.Session:
    session = requests.Session()
    # Neither a proxy nor a .netrc nor another CA bundle than the settings name has a say.
    session.trust_env = False
    session.verify = str(settings.openbao_ca_file or "") or True
    return session


def _retry(refusal: VaultError, path: str) -> Retry:
    if isinstance(refusal, Forbidden | Unauthorized):
        return Retry(f"OpenBao denies {path}: the policy of the role in ONRAMP_OPENBAO_ROLE_ID must allow it")
    if "check-and-set" in str(refusal):
        return Retry(f"{path} was written by another just now", delay=0)
    return Retry(f"OpenBao does not take our request about {path} (400)")


def _trouble(error: Exception) -> str:
    if isinstance(error, VaultDown) and "sealed" in str(error):
        return "is sealed: unseal it"
    return next((text for kind, text in _TROUBLES.items() if isinstance(error, kind)), "cannot be asked")
