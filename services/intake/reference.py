"""NetBox's reference data, as netbox_sync keeps it in the bucket: read whole, whenever it was refreshed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from events import logs
from events.reference import (
    AS_OF,
    BUCKET,
    SITES,
    TABLES,
    AsOf,
    DeviceRole,
    DeviceType,
    Item,
    Location,
    Prefix,
    Rack,
    Site,
    Tenant,
)
from events.stream import Stream
from intake.remembered import Remembered

I = TypeVar("I", bound=Item)  # noqa: E741

_SITES = TypeAdapter(list[Site])


@dataclass(frozen=True)
class Snapshot:
    """What NetBox held at one moment; empty where nothing is known of it."""

    as_of: datetime | None = None
    sites: tuple[Site, ...] = ()
    items: Mapping[type[Item], Sequence[Item]] = field(default_factory=dict)
    sequence: int = 0
    """Of the bucket's `as-of`, which changes with every refresh."""

    @property
    def age(self) -> float | None:
        """Seconds; `None` where there is no data."""
        return (datetime.now(UTC) - self.as_of).total_seconds() if self.as_of else None

    def all(self, kind: type[I]) -> tuple[I, ...]:
        """Every object of a kind, in a steady order."""
        return cast(tuple[I, ...], self.items.get(kind, ()))

    def locations(self, site: str | None, location: str | None) -> list[Location]:
        """The locations of a site, of one location with those within it, or all. By name or slug."""
        at_site = [one for one in self.all(Location) if self._is_at(one.site, site)]
        if location is None:
            return at_site
        inside = {one.id for one in at_site if _is_called(location, one.name, one.slug)}
        while more := {one.id for one in at_site if one.parent in inside} - inside:
            inside |= more
        return [one for one in at_site if one.id in inside]

    def racks(self, site: str | None, location: str | None) -> list[Rack]:
        """The racks of a site, of a location and those within it, or all."""
        inside = self._ids(site, location)
        return [
            rack
            for rack in self.all(Rack)
            if self._is_at(rack.site, site) and (inside is None or rack.location in inside)
        ]

    def prefixes(self, site: str | None, location: str | None) -> list[Prefix]:
        """The prefixes that may be used there: those of the place, and those that NetBox ties to none."""
        inside = self._ids(site, location)
        return [
            prefix
            for prefix in self.all(Prefix)
            if (prefix.site is None or self._is_at(prefix.site, site))
            and (prefix.location is None or inside is None or prefix.location in inside)
        ]

    def device_type(self, named: str) -> DeviceType | None:
        """The one of this slug, model or `manufacturer/slug`; `None` where none fits, or several do."""
        fits = [
            one
            for one in self.all(DeviceType)
            if _is_called(named, one.slug, one.model, f"{one.manufacturer}/{one.slug}")
        ]
        return fits[0] if len(fits) == 1 else None

    def _ids(self, site: str | None, location: str | None) -> Collection[int] | None:
        return None if location is None else {one.id for one in self.locations(site, location)}

    def _is_at(self, slug: str, site: str | None) -> bool:
        """Whether the site of this slug is the one that is asked for by slug or name."""
        if site is None or _is_called(site, slug):
            return True
        return any(one.slug == slug and _is_called(site, one.name) for one in self.sites)


class Reference:
    """The bucket. A snapshot is read anew when it was refreshed, and looked after every `ttl` seconds."""

    def __init__(self, bucket: Stream, *, ttl: float) -> None:
        self._bucket = bucket
        self._latest = Snapshot()
        self._remembered = Remembered(self._read, ttl)

    async def get(self) -> Snapshot:
        """What is kept. Raises `StoreError`."""
        return await self._remembered.get()

    async def _read(self) -> Snapshot:
        as_of = await self._bucket.last(_subject(AS_OF))
        if as_of and as_of.data and as_of.sequence != self._latest.sequence:
            standing = {stored.subject: stored.data async for stored in self._bucket.read(_subject(">"))}
            self._latest = _snapshot(standing, as_of.sequence)
        return self._latest


def _snapshot(standing: Mapping[str, bytes], sequence: int) -> Snapshot:
    values = {subject.removeprefix(_subject("")): data for subject, data in standing.items() if data}
    items: dict[type[Item], list[Item]] = {kind: [] for kind in TABLES.values()}
    for key, data in values.items():
        kind = TABLES.get(key.partition(".")[0])
        if kind and (item := _told(key, data, kind.model_validate_json)):
            items[kind].append(item)
    as_of = _told(AS_OF, values.get(AS_OF, b""), AsOf.model_validate_json)
    return Snapshot(
        as_of=as_of.read_at if as_of else None,
        sites=tuple(_told(SITES, values.get(SITES, b"[]"), _SITES.validate_json) or ()),
        items={kind: tuple(sorted(found, key=_order)) for kind, found in items.items()},
        sequence=sequence,
    )


T = TypeVar("T")


def _told(key: str, data: bytes, read: Callable[[bytes], T]) -> T | None:
    try:
        return read(data)
    except ValidationError:
        logs.logger().error("a value in REFERENCE can't be read", key=key)
        return None


def _order(item: Item) -> tuple[object, ...]:
    match item:
        case Prefix():
            return item.prefix.version, item.prefix, item.id
        case DeviceType():
            return item.manufacturer, item.model, item.id
        case Location() | Rack() | DeviceRole() | Tenant():
            return item.name.casefold(), item.id
    return (item.id,)


def _is_called(text: str, *names: str) -> bool:
    return text.casefold() in map(str.casefold, names)


def _subject(key: str) -> str:
    return f"$KV.{BUCKET}.{key}"
