"""The settings that every service has; a service's own `settings.py` adds its backend's."""

import sys
from typing import Self

from pydantic import Field, FilePath, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

PREFIX = "ONRAMP_"


class ServiceSettings(BaseSettings):
    """How a service reaches NATS and is reached itself. Each field is an environment variable `ONRAMP_…`."""

    # An error that quotes its input would quote the passwords in it.
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    nats_url: str = Field("nats://127.0.0.1:4222", description="One or more NATS servers, comma-separated.")
    nats_user: str | None = Field(None, description="This service's NATS user.")
    nats_password: SecretStr | None = Field(None, description="Its password.")
    nats_ca_file: FilePath | None = Field(
        None, description="CA bundle that the NATS servers are verified with."
    )
    nats_monitor_url: str | None = Field(
        None, description="nats-server's monitoring address: readiness warns unless it syncs every write."
    )
    http_host: str = Field("127.0.0.1", description="Where /livez, /readyz and /metrics are served.")
    http_port: int = Field(8080, description="Its port.")
    http_patience: float = Field(
        60.0, gt=0, description="Seconds in which a client must have sent a request whole, or it is cut off."
    )
    log_level: str = Field("INFO", description="The least level that is logged.")
    concurrency: int = Field(8, ge=1, description="Messages of one step in hand at a time, in one process.")
    ack_wait: float = Field(
        30.0, gt=0, description="Seconds after which NATS gives an unheard-of message to another."
    )
    deadline: float = Field(120.0, gt=0, description="Seconds that one handling of one message may take.")
    replicas: int | None = Field(
        None, description="Replicas that the streams and buckets must have: 3 on a cluster."
    )
    otlp_endpoint: str | None = Field(
        None, description="Where OpenTelemetry traces go (OTLP over HTTP), path and all: `…:4318/v1/traces`."
    )

    @classmethod
    def read(cls) -> Self:
        """What the environment says. Ends the process where that won't do, naming each variable and why."""
        try:
            return cls()
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_context=False, include_input=False)
            sys.exit("\n".join(f"{_variable(*one['loc'])}{one['msg']}" for one in wrong))
        except SettingsError as error:
            _, field, *_ = str(error).split('"')  # how the library says which one is no JSON
            sys.exit(f"{_variable(field)}it is no JSON")


def _variable(name: str | int = "", *within: str | int) -> str:
    """Where it stands; nothing where it is about several together."""
    return f"{PREFIX}{str(name).upper()}{''.join(f'[{part!r}]' for part in within)}: " if name else ""
