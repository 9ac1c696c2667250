"""How hosts are made, when they count as ready, and how long they may take."""

from typing import Literal

from pydantic import AliasChoices, Field, field_validator

from events.openbao import OpenBaoSettings
from metal3_sync.handler import Policy
from metal3_sync.watch.judge import Rules


class Settings(OpenBaoSettings):
    """The settings of metal3_sync. Each field is an environment variable `ONRAMP_…`."""

    kubeconfig: str | None = Field(
        None,
        validation_alias=AliasChoices("ONRAMP_KUBECONFIG", "KUBECONFIG"),
        description="The kubeconfig file to use; without one, the service account of the pod.",
    )
    kube_connect_timeout: float = Field(5.0, gt=0, description="Seconds for a connection to the API server.")
    kube_read_timeout: float = Field(15.0, gt=0, description="Seconds for its answer.")
    namespace: str = Field("metal3", description="Where the BareMetalHosts and their Secrets are.")
    bmc_address_template: str = Field(
        "ipmi://{bmc_ip}", description="Metal3's `bmc.address`; `{bmc_ip}` comes with brackets for IPv6."
    )
    bmc_address_templates: dict[str, str] = Field(
        default_factory=dict, description="The same by device type, as scanned or without its manufacturer."
    )
    disable_certificate_verification: bool = Field(
        False, description="Let Metal3 accept any certificate of a BMC."
    )
    online: bool = Field(False, description="Whether a new host is powered on once it is available.")
    automated_cleaning_mode: Literal["metadata", "disabled"] = Field(
        "metadata", description="What Metal3 wipes of a new host's disks before and after use."
    )
    boot_mac_needed_for: tuple[str, ...] = Field(
        ("libvirt", "redfish"),
        description="Kinds of BMC address that need the boot NIC's MAC. baremetal-operator 0.11 and before "
        "wants it for `redfish-virtualmedia`, `idrac-virtualmedia` and `ilo5-virtualmedia` as well.",
    )
    ready_when: Literal["available", "enrolled"] = Field(
        "available", description="Whether a server is ready when its host is usable, or once it is enrolled."
    )
    registering_deadline: float = Field(
        7200.0, gt=0, description="Seconds that a host may take to register, or to prove new credentials."
    )
    inspecting_deadline: float = Field(
        7200.0, gt=0, description="Seconds that its inspection, and each later phase, may take."
    )
    watch_seconds: int = Field(
        600, gt=0, description="Seconds after which the hosts are listed again anyway."
    )
    watch_silence: float = Field(
        90.0, gt=0, description="Seconds without a word, even a bookmark, after which they are too."
    )

    @field_validator("bmc_address_template", "bmc_address_templates")
    @classmethod
    def _only_knows_bmc_ip(cls, value: str | dict[str, str]) -> str | dict[str, str]:
        for template in [value] if isinstance(value, str) else value.values():
            try:
                filled = template.format(bmc_ip="192.0.2.1")
            except (LookupError, ValueError, AttributeError):
                filled = template
            if filled == template:
                raise ValueError(f"{template!r} is no BMC address with {{bmc_ip}} and no other placeholder")
        return value

    @property
    def policy(self) -> Policy:
        """What holds for every host."""
        return Policy(
            namespace=self.namespace,
            address_template=self.bmc_address_template,
            address_templates=self.bmc_address_templates,
            disable_certificate_verification=self.disable_certificate_verification,
            online=self.online,
            automated_cleaning_mode=self.automated_cleaning_mode,
            boot_mac_needed_for=self.boot_mac_needed_for,
        )

    @property
    def rules(self) -> Rules:
        """When a host is ready, and when it has taken too long."""
        return Rules(self.ready_when, self.registering_deadline, self.inspecting_deadline)
