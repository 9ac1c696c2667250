"""Which of NetBox's sites, racks, types, roles and tenants a scan means."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TypeVar

from events.errors import Refuse
from events.placing import NEEDED
from events.types import Registration
from events.values import ServerName
from netbox_sync.handler.known import DeviceRole, DeviceType, Location, Rack, Reference, Site, Tenant
from netbox_sync.handler.port import References
from netbox_sync.handler.values import Policy, Wanted

R = TypeVar("R", bound=Reference)


async def resolve(server: ServerName, scanned: Registration, netbox: References, policy: Policy) -> Wanted:
    """The scan with its references found. Refuses unknown ones and those that fit several objects."""
    site = pick(Site, scanned.site, await netbox.known(Site))
    return Wanted(
        server=server,
        mac=scanned.bmc_mac,
        site=site,
        rack=await _rack(scanned, site, netbox),
        position=_given(scanned.position),
        device_type=pick(DeviceType, scanned.device_type, await netbox.known(DeviceType)),
        role=pick(DeviceRole, scanned.device_role, await netbox.known(DeviceRole)),
        tenant=pick(Tenant, scanned.tenant, await netbox.known(Tenant)) if scanned.tenant else None,
        serial=scanned.serial,
        asset_tag=scanned.asset_tag,
        bmc_ip=scanned.bmc_ip,
        bmc_prefix=scanned.bmc_prefix,
        default_prefix=policy.default_prefixes.get(site.slug),
    )


async def _rack(scanned: Registration, site: Site, netbox: References) -> Rack:
    locations = await netbox.known(Location, site=site.id)
    location = pick(Location, scanned.location, locations, within=f"site {site}")
    inside = _with_descendants(location, locations)
    racks = [rack for rack in await netbox.known(Rack, site=site.id) if rack.location_id in inside]
    return pick(Rack, scanned.rack, racks, within=f"location {location}")


def _with_descendants(top: Location, locations: Sequence[Location]) -> set[int]:
    inside = {top.id}
    while more := {below.id for below in locations if below.parent_id in inside} - inside:
        inside |= more
    return inside


def pick(kind: type[R], wanted: str | None, known: Sequence[R], *, within: str = "NetBox") -> R:
    """The one that is called so; if none is to the letter, the one that is but for its case."""
    name = _given(wanted)
    fits = [one for one in known if name in one.labels]
    fits = fits or [one for one in known if name.casefold() in map(str.casefold, one.labels)]
    if len(fits) == 1:
        return fits[0]
    if fits:
        both = " and ".join(sorted(f"{one} (id {one.id})" for one in fits))
        raise Refuse(f"{kind.field} {name!r} fits {both} in {within}", culprit=name)
    raise Refuse(f"{kind.field} {name!r} is unknown in {within}{_nearest(name, known)}", culprit=name)


def _nearest(name: str, known: Sequence[Reference]) -> str:
    spelled = {label.casefold(): label for one in known for label in reversed(one.labels)}
    near = [spelled[label] for label in get_close_matches(name.casefold(), spelled, n=3, cutoff=0.5)]
    return f"; known: {', '.join(near)}" if near else "; nothing there is called like it"


T = TypeVar("T")


def _given(value: T | None) -> T:
    if value is None:
        raise ValueError(f"a scan without all of {', '.join(NEEDED)} is skipped, not resolved")
    return value
