"""What intake is told of the identity provider, and of who may do what."""

from urllib.parse import urlsplit

from pydantic import Field, FilePath, SecretStr, field_validator, model_validator

from events.streams import SESSIONS_KEPT
from intake.guards.settings import GuardSettings


class SignInSettings(GuardSettings):
    """OpenID Connect, and the groups that the roles stand for."""

    oidc_issuer: str = Field(
        "", description="The OpenID provider's issuer. Empty: sign-in is off and anybody may do everything."
    )
    oidc_client_id: str = Field("", description="What the provider knows intake's sign-in page as.")
    oidc_client_secret: SecretStr | None = Field(None, description="Its secret; none for a public client.")
    oidc_audience: str = Field("onramp", description="The `aud` that a bearer token must be made for.")
    oidc_scopes: str = Field("openid profile email", description="What is asked of the provider at sign-in.")
    oidc_groups_claim: str = Field("groups", description="The claim that lists a person's groups.")
    oidc_ca_file: FilePath | None = Field(None, description="CA bundle that the provider is verified with.")
    oidc_timeout: float = Field(5.0, gt=0, description="Seconds that the provider may take to answer.")
    required_group: str = Field("", description="Whoever is not in this group is turned away.")
    viewer_group: str = Field("onramp-viewers", description="Its members may read.")
    technician_group: str = Field("onramp-technicians", description="… and register, import and check.")
    operator_group: str = Field("onramp-operators", description="… and replay and discard.")
    require_signin: bool = Field(False, description="Refuse to start while sign-in is off.")
    session_lifetime: float = Field(
        28800.0, ge=1, le=SESSIONS_KEPT, description="Seconds that a browser stays signed in."
    )

    requests_per_person: float = Field(
        50.0, ge=0, description="Requests a second of one who has signed in, in one replica. 0: no limit."
    )

    @field_validator("oidc_issuer")
    @classmethod
    def _is_trustworthy(cls, issuer: str) -> str:
        parts = urlsplit(issuer)
        here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if issuer and parts.scheme != "https" and not (parts.scheme == "http" and here):
            raise ValueError("an https URL; http is for a provider on this very machine")
        return issuer

    @model_validator(mode="after")
    def _is_complete(self) -> "SignInSettings":
        if self.require_signin and not self.oidc_issuer:
            raise ValueError("ONRAMP_REQUIRE_SIGNIN is set, and ONRAMP_OIDC_ISSUER is empty: set the issuer")
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("ONRAMP_OIDC_ISSUER is set, and ONRAMP_OIDC_CLIENT_ID is empty: set the client")
        return self
