"""What a scan and an operator's policy ask of a host."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from events.types import Registration
from events.values import IpAddress, ServerName
from metal3_sync.handler.values import secret_name


@dataclass(frozen=True)
class Policy:
    """What an operator sets once for every host; the settings explain each."""

    namespace: str
    address_template: str
    address_templates: Mapping[str, str]
    disable_certificate_verification: bool
    online: bool
    automated_cleaning_mode: str
    boot_mac_needed_for: tuple[str, ...]


@dataclass(frozen=True)
class WantedHost:
    """What this scan asks of the host; the policy's other fields matter only when it is created."""

    server: ServerName
    bmc: Mapping[str, Any]
    boot_mac: str | None
    policy: Policy

    @property
    def label(self) -> str:
        """The host as a sentence names it."""
        return f"BareMetalHost {self.policy.namespace}/{self.server}"

    @property
    def secret_label(self) -> str:
        """Its Secret likewise."""
        return f"Secret {self.policy.namespace}/{secret_name(self.server)}"

    @property
    def driver(self) -> str:
        """The kind of its BMC address, `redfish` for `redfish+https://...`."""
        scheme, separator, _ = str(self.bmc["address"]).partition(":")
        return scheme.partition("+")[0] if separator else "ipmi"

    def spec(self) -> dict[str, Any]:
        """The whole of a new host."""
        return {
            "online": self.policy.online,
            "automatedCleaningMode": self.policy.automated_cleaning_mode,
            "bmc": dict(self.bmc),
        } | ({"bootMACAddress": self.boot_mac} if self.boot_mac else {})


def want_host(server: ServerName, scanned: Registration, bmc_ip: IpAddress, policy: Policy) -> WantedHost:
    """Put together what the scan and the policy say."""
    bmc = {
        "address": scanned.bmc_address or _address(scanned.device_type, bmc_ip, policy),
        "credentialsName": secret_name(server),
        "disableCertificateVerification": policy.disable_certificate_verification,
    }
    return WantedHost(server, bmc, scanned.boot_mac, policy)


def _address(device_type: str | None, bmc_ip: IpAddress, policy: Policy) -> str:
    """The device type's template, if it has one: as scanned, or without its manufacturer."""
    given = device_type or ""
    named = policy.address_templates
    template = named.get(given) or named.get(given.rpartition("/")[2]) or policy.address_template
    return template.format(bmc_ip=f"[{bmc_ip}]" if bmc_ip.version == 6 else bmc_ip)
