"""Which Kea servers there are, how they are reached, and what is policy there."""

from ipaddress import IPv4Network

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr

from events.settings import ServiceSettings
from kea_sync.handler.acts import Store


class KeaServer(BaseModel):
    """One kea-dhcp4, reached at its own HTTP control socket or through its Control Agent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, description="What operators call it, and what events name it by.")
    url: str = Field(
        pattern=r"^https?://[^@\s]+$", description="Where it is, without a user: `https://kea-a:8443/`."
    )
    username: str | None = Field(None, description="User of its basic authentication.")
    password: SecretStr | None = Field(None, description="Its password.")
    ca_file: FilePath | None = Field(
        None, description="CA bundle that it is verified with; else the system's."
    )
    control_agent: bool = Field(False, description='Through a Control Agent: adds `"service": ["dhcp4"]`.')
    prefixes: tuple[IPv4Network, ...] = Field(
        (), description="It serves addresses in these only; none: its own configuration says."
    )
    subnet_id: int | None = Field(None, description="The one subnet that reservations go to.")
    store: Store = Field(
        Store.DATABASE,
        description="Without a hosts database: `database` refuses, `memory` writes its configuration file.",
    )


class Settings(ServiceSettings):
    """What kea_sync is told by its environment."""

    kea_servers: tuple[KeaServer, ...] = Field(
        min_length=1, description="Every Kea server, as a JSON list; each with `name` and `url` at least."
    )
    kea_connect_timeout: float = Field(3.0, gt=0, description="Seconds that a connection may take.")
    kea_read_timeout: float = Field(10.0, gt=0, description="Seconds that an answer may take.")
    kea_config_ttl: float = Field(60.0, ge=0, description="Seconds that a running configuration is kept.")
