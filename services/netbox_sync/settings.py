"""NetBox's address and what Onramp writes there by policy."""

from ipaddress import IPv4Address, IPv6Address

from pydantic import Field, FilePath, JsonValue, SecretStr

from events.settings import ServiceSettings
from events.values import IpPrefix
from netbox_sync.handler import Policy


class Settings(ServiceSettings):
    """How netbox_sync reaches NetBox, and the fixed values of what it writes."""

    netbox_url: str = Field("http://127.0.0.1:8000", description="NetBox's address, without /api.")
    netbox_token: SecretStr = Field(
        SecretStr(""), description="An API token, v1 or v2 (`nbt_<key>.<token>`)."
    )
    netbox_ca_file: FilePath | None = Field(None, description="CA bundle that NetBox is verified with.")
    netbox_connect_timeout: float = Field(
        5.0, gt=0, description="Seconds to wait for a connection to NetBox."
    )
    netbox_read_timeout: float = Field(30.0, gt=0, description="Seconds to wait for an answer of NetBox.")
    netbox_reference_ttl: float = Field(
        300.0, ge=0, description="Seconds that sites, racks, types, prefixes and the like are remembered."
    )
    netbox_reference_refresh: float = Field(
        300.0, gt=0, description="Seconds after which the reference data that forms show is read anew."
    )
    netbox_prefix_role: str | None = Field(
        None, description="Slug of the role of those prefixes that forms show; none: every prefix."
    )
    netbox_status_new: str = Field("planned", description="Status of a device when it is created.")
    netbox_status_ready: str = Field("staged", description="Its status once Kubernetes can use the server.")
    netbox_bmc_interface: str = Field("BMC", description="Name of the device's BMC interface.")
    netbox_bmc_vrf: str | None = Field(None, description="VRF of the BMC addresses; none: whichever fits.")
    netbox_tags: tuple[str, ...] = Field((), description="Slugs of tags that every device gets.")
    netbox_custom_fields: dict[str, JsonValue] = Field(
        default_factory=dict, description="Custom fields of a device that are filled where they are empty."
    )
    netbox_default_prefixes: dict[str, IpPrefix] = Field(
        default_factory=dict, description="Site (slug) to the prefix for BMCs whose scan names none."
    )
    netbox_infrastructure_ips: frozenset[IPv4Address | IPv6Address] = Field(
        frozenset(), description="Routers and servers that NetBox may not know; no BMC gets their addresses."
    )

    @property
    def policy(self) -> Policy:
        """What is the same for every server, as the handler takes it."""
        return Policy(
            status_new=self.netbox_status_new,
            status_ready=self.netbox_status_ready,
            bmc_interface=self.netbox_bmc_interface,
            bmc_vrf=self.netbox_bmc_vrf,
            tags=self.netbox_tags,
            custom_fields=self.netbox_custom_fields,
            default_prefixes=self.netbox_default_prefixes,
            infrastructure_ips=self.netbox_infrastructure_ips,
        )
