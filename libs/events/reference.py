"""What the bucket REFERENCE holds: NetBox's reference data, written by netbox_sync and served by intake.

==========================  ========================================================================
key                         value, as JSON
==========================  ========================================================================
`sites`                     a list of every `Site`: whoever names a site needs them all
`locations.<id>`            a `Location`, by NetBox's id; so are those below
`racks.<id>`                a `Rack`, with what stands in it
`device-types.<id>`         a `DeviceType`
`device-roles.<id>`         a `DeviceRole`
`tenants.<id>`              a `Tenant`
`prefixes.<id>`             a `Prefix`, with how many of its addresses are free
`as-of`                     an `AsOf`: when NetBox was last read; the only key that every refresh writes,
                            after all others
==========================  ========================================================================
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from events.types import Frozen
from events.values import IpAddress, IpPrefix

BUCKET = "REFERENCE"
SITES = "sites"
AS_OF = "as-of"


class Site(Frozen):
    """A site. Objects elsewhere name it by its slug."""

    name: str
    slug: str


class Item(Frozen):
    """An object of a table, by NetBox's id."""

    id: int


class Location(Item):
    """A place within a site."""

    name: str
    slug: str
    site: str
    parent: int | None = Field(None, description="The id of the location that it is a part of.")


class Mounted(Frozen):
    """A device in a rack. One that is full-depth takes its units on both faces."""

    device: str
    position: float = Field(description="Its lowest unit.")
    u_height: float = Field(description="Rack units.")
    face: Literal["front", "rear"] | None
    is_full_depth: bool


class DeviceType(Item):
    """A model. The slug is unique only within its manufacturer."""

    manufacturer: str = Field(description="Its slug.")
    model: str
    slug: str
    u_height: float = Field(description="Rack units; 0 for what takes none.")
    is_full_depth: bool


class Rack(Item):
    """A rack and what stands in it."""

    name: str
    site: str
    location: int | None = Field(None, description="The location's id.")
    u_height: int
    starting_unit: int = 1
    desc_units: bool = Field(False, description="Whether its units are counted from the top.")
    taken: tuple[Mounted, ...] = ()

    def free_for(self, u_height: float, *, is_full_depth: bool) -> tuple[float, ...]:
        """The lowest units, on the grid of half units, at which a device fits on the front face."""
        taken = {
            unit
            for one in self.taken
            if is_full_depth or one.is_full_depth or one.face == "front"
            for unit in _half_units(one.position, one.u_height)
        }
        units = _half_units(self.starting_unit, self.u_height)
        room = set(units) - taken
        return tuple(unit for unit in units if u_height and room.issuperset(_half_units(unit, u_height)))


class DeviceRole(Item):
    """What a device is for."""

    name: str
    slug: str


class Tenant(Item):
    """Whose a device is."""

    name: str
    slug: str


class Prefix(Item):
    """A network in one VRF."""

    prefix: IpPrefix
    vrf: str | None = Field(None, description="The VRF's name; none in the global table.")
    site: str | None = Field(None, description="Where it is used; none where NetBox ties it to no one site.")
    location: int | None = Field(None, description="The location's id, where it is used in one only.")
    role: str | None = Field(None, description="The role's slug.")
    status: str
    description: str = ""
    free: int = Field(
        description="Addresses that a BMC could get; at most 2^53 - 1, which JSON takes exactly."
    )
    next: IpAddress | None = Field(None, description="The lowest of them.")


TABLES: Mapping[str, type[Item]] = {
    "locations": Location,
    "racks": Rack,
    "device-types": DeviceType,
    "device-roles": DeviceRole,
    "tenants": Tenant,
    "prefixes": Prefix,
}
"""The first part of a key, and what the value is."""


class AsOf(Frozen):
    """When NetBox was read."""

    read_at: datetime


def _half_units(lowest: float, u_height: float) -> tuple[float, ...]:
    return tuple(lowest + half / 2 for half in range(int(u_height * 2)))
