"""Devices and the racks that they stand in."""

from collections.abc import Mapping, Sequence

from events.values import ServerName
from netbox_sync.client.connection import Connection, Json
from netbox_sync.client.references import WHOLE, id_of
from netbox_sync.handler.values import Device, Unit


class Devices:
    """`dcim/devices`, and the elevation of a rack."""

    connection: Connection

    async def devices_named(self, name: ServerName) -> Sequence[Device]:
        """The devices of this name, whatever its case, at any site."""
        return [_device(row) for row in await self.connection.get("dcim/devices", name=name)]

    async def device(self, device_id: int) -> Device | None:
        """The device of this id, unless it is gone."""
        # By a list, not by its own path: there, a 404 could be a wrong address's as well.
        return next((_device(row) for row in await self.connection.get("dcim/devices", id=device_id)), None)

    async def elevation(self, rack_id: int, face: str, *, without: int | None) -> Sequence[Unit]:
        """Every half unit of one face of a rack, as if the device `without` were not there."""
        exclude = {} if without is None else {"exclude": without}
        path = f"dcim/racks/{rack_id}/elevation"
        rows = await self.connection.get(path, face=face, **exclude, **WHOLE)
        return [
            Unit(float(row["id"]), row["occupied"], row["device"]["display"] if row["device"] else None)
            for row in rows
        ]

    async def create_device(self, fields: Mapping[str, object]) -> Device:
        """Create a device, with the interfaces that its type's template makes."""
        return _device(await self.connection.post("dcim/devices", fields))

    async def change_device(self, device_id: int, fields: Mapping[str, object]) -> None:
        """Write these fields of a device."""
        await self.connection.patch("dcim/devices", device_id, fields)


def _device(row: Json) -> Device:
    return Device(
        id=row["id"],
        name=row["name"],
        status=row["status"]["value"],
        site_id=row["site"]["id"],
        site=row["site"]["slug"],
        device_type_id=row["device_type"]["id"],
        role_id=row["role"]["id"],
        tenant_id=id_of(row["tenant"]),
        rack_id=id_of(row["rack"]),
        rack=row["rack"]["name"] if row["rack"] else "",
        position=row["position"],
        face=row["face"]["value"] if row["face"] else None,
        serial=row["serial"],
        asset_tag=row["asset_tag"],
        oob_ip_id=id_of(row["oob_ip"]),
        tags=tuple(tag["slug"] for tag in row["tags"]),
        custom_fields=row["custom_fields"] or {},
    )
