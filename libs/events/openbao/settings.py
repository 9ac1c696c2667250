"""How a service reaches OpenBao and who it is there."""

from pydantic import Field, FilePath, SecretStr

from events.settings import ServiceSettings


class OpenBaoSettings(ServiceSettings):
    """What the settings of a service that talks to OpenBao start from."""

    openbao_address: str = Field("https://127.0.0.1:8200", description="OpenBao's (or Vault's) address.")
    openbao_ca_file: FilePath | None = Field(
        None, description="CA bundle that OpenBao is verified with; else the system's."
    )
    openbao_role_id: str = Field(description="This service's AppRole there.")
    openbao_secret_id: SecretStr = Field(description="Its secret id.")
    openbao_approle_mount: str = Field("approle", description="Where the AppRole method is enabled.")
    openbao_mount: str = Field("onramp", description="The KV v2 mount that holds the BMC credentials.")
    openbao_connect_timeout: float = Field(5.0, gt=0, description="Seconds for a connection to OpenBao.")
    openbao_read_timeout: float = Field(15.0, gt=0, description="Seconds for its answer.")
