"""The site as it stands in subjects: the slug that the reference data knows, else the site itself."""

from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from events import logs
from events.reference import BUCKET, SITES, Site
from events.stream import Stream
from events.values import site_token
from intake.remembered import Remembered

REFERENCE = f"KV_{BUCKET}"
"""The stream under the bucket."""


_SITES = TypeAdapter(list[Site])


class Sites:
    """The sites, from the bucket's key `sites`; none where there is no reference data."""

    def __init__(self, bucket: Stream, *, ttl: float) -> None:
        self._bucket = bucket
        self._slugs = Remembered(self._read, ttl)

    async def token(self, site: str | None) -> str:
        """The token of the site that a scan named. Raises `StoreError`."""
        slugs = await self._slugs.get()
        return site_token(slugs.get(site.casefold(), site) if site else None)

    async def _read(self) -> Mapping[str, str]:
        stored = await self._bucket.last(f"$KV.{BUCKET}.{SITES}")
        if stored is None or not stored.data:
            return {}
        try:
            sites = _SITES.validate_json(stored.data)
        except ValidationError:
            logs.logger().error("the sites in REFERENCE can't be read")
            return {}
        return {spelling.casefold(): site.slug for site in sites for spelling in (site.name, site.slug)}
