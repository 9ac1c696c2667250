"""The authorization code flow with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hmac import compare_digest
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from intake.signin.bucket import Expiring, new_secret
from intake.signin.problems import SignInFailed, Unauthenticated
from intake.signin.provider import Provider
from intake.signin.roles import Identity
from intake.signin.settings import SignInSettings
from intake.signin.tokens import identity, verified

LOGIN_LIFETIME = 600.0
"""Seconds from leaving for the provider to coming back."""


class Login(Expiring):
    """A sign-in that has begun. Its browser brings `state` back; `nonce` comes back in the ID token."""

    state: str
    nonce: str
    verifier: str
    destination: str

    @classmethod
    def to(cls, destination: str) -> "Login":
        """One that leads to this page of ours."""
        return cls(
            expires_at=datetime.now(UTC) + timedelta(seconds=LOGIN_LIFETIME),
            state=new_secret(),
            nonce=new_secret(),
            verifier=new_secret(),
            destination=destination,
        )


class CodeFlow:
    """Intake as the provider's client."""

    def __init__(self, settings: SignInSettings, provider: Provider) -> None:
        self._settings = settings
        self._provider = provider

    async def address(self, login: Login) -> str:
        """Where the browser goes to sign in. Raises `ProviderAway`."""
        endpoint = (await self._provider.metadata()).authorization_endpoint
        async with self._client() as client:
            address, _ = client.create_authorization_url(
                endpoint, state=login.state, nonce=login.nonce, code_verifier=login.verifier
            )
        return str(address)

    async def identity(self, login: Login, brought: Mapping[str, str]) -> Identity:
        """Who came back, with what the browser brought. Raises `SignInFailed`, `ProviderAway`."""
        if not compare_digest(brought.get("state", "").encode(), login.state.encode()):
            raise SignInFailed("the browser came back from another sign-in than the one it left for")
        if brought.get("iss", self._provider.issuer) != self._provider.issuer:
            raise SignInFailed("the browser came back from another provider (RFC 9207)")
        if not brought.get("code"):
            raise SignInFailed("the provider did not sign you in")
        tokens = await self._exchange(brought["code"], login.verifier)
        claims = await self._claims(tokens, login.nonce)
        return identity(claims, self._settings.oidc_groups_claim)

    async def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        endpoint = (await self._provider.metadata()).token_endpoint
        try:
            with self._provider.answering():
                async with self._client() as client:
                    return dict(await client.fetch_token(endpoint, code=code, code_verifier=verifier))
        except OAuthError:
            raise SignInFailed("the provider refuses the code that the browser brought") from None

    async def _claims(self, tokens: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Those of the ID token, and the groups from the userinfo endpoint where it has none."""
        try:
            claims = await verified(
                str(tokens.get("id_token")), self._settings.oidc_client_id, self._provider
            )
        except Unauthenticated as refused:
            raise SignInFailed(f"the provider's ID token: {refused.detail}") from None
        if not compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
            raise SignInFailed("the provider's ID token was made for another sign-in")
        endpoint = (await self._provider.metadata()).userinfo_endpoint
        if endpoint is None or self._settings.oidc_groups_claim in claims:
            return claims
        bearer = {"Authorization": f"Bearer {tokens.get('access_token')}"}
        told = await self._provider.get(endpoint, bearer)
        if told.get("sub") != claims["sub"]:
            raise SignInFailed("the provider tells of another person than it signed in")
        return {**told, **claims}

    def _client(self) -> AsyncOAuth2Client:
        secret = self._settings.oidc_client_secret
        return AsyncOAuth2Client(
            self._settings.oidc_client_id,
            secret.get_secret_value() if secret else None,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            scope=self._settings.oidc_scopes,
            redirect_uri=f"{self._settings.public_url}/callback",
            code_challenge_method="S256",
            verify=self._provider.tls,
            timeout=self._provider.timeout,
        )
