"""The OpenID provider: what it says of itself, and its keys as they change.

OpenID Connect Discovery 1.0; JSON Web Key (RFC 7517).
"""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import Key, import_key
from pydantic import BaseModel, ConfigDict, ValidationError

from intake.remembered import Remembered
from intake.signin.problems import ProviderAway
from intake.signin.settings import SignInSettings

REMEMBERED = 3600.0
"""Seconds after which the provider is asked again, so that a key that it took away is gone here too."""
LOOK_EVERY = 5.0
"""Seconds between two looks for an unknown key: forged tokens must not become requests to the provider."""


class Metadata(BaseModel):
    """The provider's endpoints."""

    model_config = ConfigDict(frozen=True)

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    end_session_endpoint: str | None = None


class Provider:
    """One issuer. Every verb raises `ProviderAway` while it does not answer as it should."""

    def __init__(self, settings: SignInSettings) -> None:
        self.issuer = settings.oidc_issuer
        self.timeout = settings.oidc_timeout
        self._ca_file = settings.oidc_ca_file
        self._metadata = Remembered(self._discover, REMEMBERED)
        self._keys = Remembered(self._fetch_keys, REMEMBERED)
        self._looked_at = -LOOK_EVERY
        self._looking = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """Where its endpoints are."""
        return await self._metadata.get()

    async def key(self, kid: str | None) -> Key | None:
        """The signing key of this id, looked for anew when unknown; without an id, the only key there is."""
        return _named(await self._keys.get(), kid) or _named(await self._newest_keys(), kid)

    async def get(self, url: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """The JSON object that stands at one of its addresses."""
        with self.answering():
            async with httpx2.AsyncClient(verify=self.tls, timeout=self.timeout) as client:
                answer = await client.get(url, headers=headers)
            found = answer.raise_for_status().json()
        if not isinstance(found, dict):
            raise ProviderAway(f"{urlsplit(url).path} at the provider is no JSON object")
        return found

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around a call to it: the errors of the transport in our words."""
        try:
            yield
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise ProviderAway(f"{self.issuer}: {type(error).__name__}") from None

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """What its certificate is verified with."""
        return ssl.create_default_context(cafile=self._ca_file)

    async def _newest_keys(self) -> list[Key]:
        async with self._looking:
            if monotonic() - self._looked_at < LOOK_EVERY:
                return await self._keys.get()
            self._looked_at = monotonic()
            return await self._keys.get(ttl=0)

    async def _discover(self) -> Metadata:
        found = await self.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            metadata = Metadata.model_validate(found)
        except ValidationError:
            raise ProviderAway(f"{self.issuer} does not describe itself as an OpenID provider") from None
        if metadata.issuer != self.issuer:
            raise ProviderAway(f"{self.issuer} says that it is another issuer: mend ONRAMP_OIDC_ISSUER")
        return metadata

    async def _fetch_keys(self) -> list[Key]:
        found = await self.get((await self.metadata()).jwks_uri)
        listed = found.get("keys")
        return [key for data in (listed if isinstance(listed, list) else []) if (key := _signing_key(data))]


def _named(keys: list[Key], kid: str | None) -> Key | None:
    if kid is None:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.kid == kid), None)


def _signing_key(data: Any) -> Key | None:
    """The key in a JWK; `None` for one that signs nothing or is of a kind that we don't know."""
    if not isinstance(data, dict) or data.get("use", "sig") != "sig" or data.get("kty") == "oct":
        return None
    try:
        return import_key(data)
    except (JoseError, ValueError):
        return None
