"""What intake can be told."""

from pydantic import Field, field_validator

from events.settings import ServiceSettings
from intake.naming import check_pattern


class Settings(ServiceSettings):
    """How intake names servers and what it asks of a registration."""

    name_pattern: str = Field(
        "{site}-{rack}u{position}",
        description="Makes a server's name, in lower case, where the registration gives none.",
    )
    require_boot_mac: bool = Field(
        False, description="Refuse registrations without `boot_mac`: some BMC address schemes need it."
    )
    max_body_bytes: int = Field(65536, gt=0, description="The largest registration body, in bytes.")
    nats_patience: float = Field(
        2.0, gt=0, description="Seconds to wait for NATS before a client is told to come again."
    )
    reference_ttl: float = Field(
        5.0, ge=0, description="Seconds that sealing keys and site names are remembered."
    )

    @field_validator("name_pattern")
    @classmethod
    def _makes_names(cls, pattern: str) -> str:
        check_pattern(pattern)
        return pattern
