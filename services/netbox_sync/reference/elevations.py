"""What stands in each rack."""

from collections import defaultdict
from collections.abc import Mapping

from events.reference import Mounted
from netbox_sync.client.connection import Json
from netbox_sync.client.references import id_of


class Elevations:
    """The devices that have a position, by rack: of each its position, name, type's id and face."""

    def __init__(self) -> None:
        self._devices: defaultdict[int, list[tuple[float, str, int, str | None]]] = defaultdict(list)

    def add(self, row: Json) -> None:
        """Take note of a device. One without a rack or a position takes no unit."""
        rack, position = id_of(row["rack"]), row["position"]
        if rack is not None and position is not None:
            face = row["face"]["value"] if row["face"] else None
            self._devices[rack].append((position, row["display"], row["device_type"]["id"], face))

    def taken(self, rack: int, types: Mapping[int, Json]) -> tuple[Mounted, ...]:
        """What takes units of a rack, from its lowest one. A device of no height takes none."""
        return tuple(
            Mounted(
                device=device,
                position=position,
                u_height=types[kind]["u_height"],
                face=face,
                is_full_depth=types[kind]["is_full_depth"],
            )
            for position, device, kind, face in sorted(self._devices[rack], key=lambda one: one[:2])
            if kind in types and types[kind]["u_height"]
        )
