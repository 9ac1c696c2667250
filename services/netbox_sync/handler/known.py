"""What a scan names and NetBox must hold already; it changes seldom."""

from dataclasses import dataclass
from typing import ClassVar

from events.values import IpPrefix


@dataclass(frozen=True)
class Reference:
    """Something that a scan names and NetBox must know already."""

    field: ClassVar[str]

    id: int
    name: str
    slug: str = ""

    @property
    def labels(self) -> tuple[str, ...]:
        """What a scan may call it."""
        return tuple(filter(None, (self.slug, self.name)))

    def __str__(self) -> str:
        return self.slug or self.name


@dataclass(frozen=True)
class Site(Reference):
    """A site."""

    field = "site"


@dataclass(frozen=True)
class Location(Reference):
    """A place within a site; the places below it count as part of it."""

    field = "location"
    parent_id: int | None = None


@dataclass(frozen=True)
class Rack(Reference):
    """A rack. NetBox insists that a device has its rack's location."""

    field = "rack"
    location_id: int | None = None


@dataclass(frozen=True)
class DeviceType(Reference):
    """A model; its slug is unique only within its manufacturer. Height in rack units."""

    field = "device_type"
    manufacturer: str = ""
    u_height: float = 1.0
    is_full_depth: bool = True

    @property
    def labels(self) -> tuple[str, ...]:
        """Slug, model, or `manufacturer/slug`."""
        return (*super().labels, str(self))

    def __str__(self) -> str:
        return f"{self.manufacturer}/{self.slug}"


@dataclass(frozen=True)
class DeviceRole(Reference):
    """What a device is for."""

    field = "device_role"


@dataclass(frozen=True)
class Tenant(Reference):
    """Whose a device is."""

    field = "tenant"


@dataclass(frozen=True)
class Prefix:
    """A network in one VRF; `vrf` is `None` in the global table."""

    id: int
    network: IpPrefix
    vrf_id: int | None = None
    vrf: str | None = None
