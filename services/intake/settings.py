"""What intake can be told."""

from pydantic import Field, SecretStr, field_validator

from events.seal import REMEMBERED_FOR
from intake.naming import check_pattern
from intake.signin.settings import SignInSettings


class Settings(SignInSettings):
    """How intake names servers and what it asks of a registration."""

    name_pattern: str = Field(
        "{site}-{rack}u{position}",
        description="Makes a server's name, in lower case, where the registration gives none.",
    )
    require_boot_mac: bool = Field(
        False, description="Refuse registrations without `boot_mac`: some BMC address schemes need it."
    )
    max_body_bytes: int = Field(65536, gt=0, description="The largest registration body, in bytes.")
    max_import_bytes: int = Field(16 * 1024 * 1024, gt=0, description="The largest import, in bytes.")
    max_imports: int = Field(8, gt=0, description="Imports that one replica takes at a time.")
    import_patience: float = Field(
        20.0, ge=0, description="Seconds for which an import waits for NATS before it refuses what is left."
    )
    nats_patience: float = Field(
        2.0, gt=0, description="Seconds to wait for NATS before a client is told to come again."
    )
    reference_ttl: float = Field(
        REMEMBERED_FOR,
        ge=0,
        le=REMEMBERED_FOR,
        description="Seconds that sealing keys and site names are remembered; 5 at most.",
    )
    reference_stale_after: float = Field(
        900.0, gt=0, description="Seconds after which the reference data is said to be stale."
    )
    reference_webhook_secret: SecretStr | None = Field(
        None, description="Secret of the NetBox webhook that asks for a refresh; empty: no webhook may."
    )

    events_heartbeat: float = Field(
        15.0,
        gt=0,
        description="Seconds after which a quiet connection to /api/v1/events is shown to be alive.",
    )

    @field_validator("name_pattern")
    @classmethod
    def _makes_names(cls, pattern: str) -> str:
        check_pattern(pattern)
        return pattern
