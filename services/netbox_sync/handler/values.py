"""What a scan wants of NetBox by what policy, and what NetBox holds already."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from events.values import IpAddress, IpPrefix, MacAddress, RackPosition, ServerName
from netbox_sync.handler.known import DeviceRole, DeviceType, Prefix, Rack, Site, Tenant


@dataclass(frozen=True)
class Policy:
    """What is the same for every server; the fields are those of the settings."""

    status_new: str = "planned"
    status_ready: str = "staged"
    bmc_interface: str = "BMC"
    bmc_vrf: str | None = None
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, object] = field(default_factory=dict)
    default_prefixes: Mapping[str, IpPrefix] = field(default_factory=dict)
    infrastructure_ips: frozenset[IpAddress] = frozenset()


@dataclass(frozen=True)
class Wanted:
    """What the scan says, with its references found in NetBox. `None`: it did not say."""

    server: ServerName
    mac: MacAddress
    site: Site
    rack: Rack
    position: RackPosition
    device_type: DeviceType
    role: DeviceRole
    tenant: Tenant | None = None
    serial: str | None = None
    asset_tag: str | None = None
    bmc_ip: IpAddress | None = None
    bmc_prefix: IpPrefix | None = None
    default_prefix: IpPrefix | None = None
    """The policy's for this site: where an address comes from that the scan says nothing of."""

    @property
    def place(self) -> str:
        """As an operator says it: `RB06 U31`."""
        return f"{self.rack.name} U{self.position:g}"


@dataclass(frozen=True)
class Device:
    """A device as NetBox holds it; the references as ids, `rack` and `site` by name too."""

    id: int
    name: str
    status: str
    site_id: int
    site: str
    device_type_id: int
    role_id: int
    tenant_id: int | None = None
    rack_id: int | None = None
    rack: str = ""
    position: float | None = None
    face: str | None = None
    serial: str = ""
    asset_tag: str | None = None
    oob_ip_id: int | None = None
    tags: tuple[str, ...] = ()
    custom_fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """As an operator says it: `RB06 U31`; a device may stand in no rack or at no unit yet."""
        if self.rack_id is None:
            return "no rack"
        return f"{self.rack} U{self.position:g}" if self.position is not None else self.rack


@dataclass(frozen=True)
class MacObject:
    """Where a MAC address stands in NetBox. `id` is `None` where it is a mere field of its interface."""

    id: int | None
    mac: str
    interface_id: int | None = None
    device_id: int | None = None
    holder: str | None = None
    """The device and interface that it is assigned to, for a person to read."""


@dataclass(frozen=True)
class Interface:
    """An interface of the device: its primary MAC, and every MAC object on it (from NetBox 4.2)."""

    id: int
    name: str
    mgmt_only: bool = False
    mac: str | None = None
    macs: tuple[MacObject, ...] = ()
    primary_id: int | None = None


@dataclass(frozen=True)
class Address:
    """An IP address object. `holder` says for a person to read what it is assigned to."""

    id: int
    ip: IpAddress
    vrf_id: int | None = None
    role: str | None = None
    holder: str | None = None


@dataclass(frozen=True)
class Unit:
    """One half unit of a rack's elevation; `device` names who is in it, where the token may see that."""

    unit: float
    occupied: bool = False
    device: str | None = None


@dataclass(frozen=True)
class Found:
    """What NetBox holds that this scan is about."""

    device: Device | None = None
    macs: tuple[MacObject, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    on_interface: tuple[Address, ...] = ()
    at_bmc_ip: tuple[Address, ...] = ()
    prefixes: tuple[Prefix, ...] = ()

    @property
    def is_anything(self) -> bool:
        """Whether NetBox holds any device, MAC or address of it."""
        return bool(self.device or self.macs or self.at_bmc_ip)
