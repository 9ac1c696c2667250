"""What vault_writer can be told."""

from pydantic import Field

from events.openbao import OpenBaoSettings


class Settings(OpenBaoSettings):
    """vault_writer's own settings beside those of its OpenBao session."""

    openbao_keys_mount: str = Field(
        "onramp-keys", description="The KV v2 mount that holds the private sealing keys."
    )
    bmc_username: str = Field("ADMIN", description="The BMC's user where neither scan nor OpenBao names one.")
