"""An object as NetBox shows it: whole, brief, or with only the fields that were asked for."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from onramp.sandbox.netbox.computed import COMPUTED
from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox

AUTOMATIC = ("id", "url", "display_url", "display")
STAMPS = ("created", "last_updated")


def display(netbox: "NetBox", kind: str, row: Row) -> str:
    """What NetBox calls an object: `str()` of the model."""
    title = row[netbox.kinds[kind].title]
    if kind == "devices" and not title:
        device_type = netbox.tables["device-types"].rows[row["device_type"]]
        maker = netbox.tables["manufacturers"].rows[device_type["manufacturer"]]
        return f"{maker['name']} {device_type['model']} ({row['id']})"
    if kind == "custom-fields":
        return str(row["label"] or title.replace("_", " ").capitalize())
    extra = {"racks": "facility_id", "vrfs": "rd", "devices": "asset_tag"}.get(kind)
    if extra and row[extra]:
        return f"{title} ({row[extra]})"
    return str(title)


class Renderer:
    """Writes objects out with absolute URLs below `base`, `http://host:port/`."""

    def __init__(self, netbox: "NetBox", base: str) -> None:
        self.netbox = netbox
        self.base = base

    def brief(self, kind: str, row_id: int | None) -> dict[str, Any] | None:
        """The form in which an object stands inside another; None for None and for what is gone."""
        row = self.netbox.get(kind, row_id)
        return self.show(kind, row, self.netbox.kinds[kind].brief) if row else None

    def whole(
        self, kind: str, row: Row, only: Collection[str] = (), omit: Collection[str] = ()
    ) -> dict[str, Any]:
        """All fields, those of `only` if any are named, without those of `omit`."""
        definition = self.netbox.kinds[kind]
        computed = [name for of, name in COMPUTED if of == kind]
        if "mac-addresses" not in self.netbox.kinds:
            computed = [name for name in computed if name != "mac_addresses"]
        names = dict.fromkeys([*AUTOMATIC, *definition.fields, *definition.always, *computed, *STAMPS])
        return self.show(kind, row, [n for n in names if (not only or n in only) and n not in omit])

    def show(self, kind: str, row: Row, names: Collection[str]) -> dict[str, Any]:
        """These fields of one object, in this order."""
        return {name: self._value(kind, row, name) for name in names}

    def _value(self, kind: str, row: Row, name: str) -> Any:
        definition = self.netbox.kinds[kind]
        match name:
            case "url":
                return f"{self.base}api/{definition.path}/{row['id']}/"
            case "display_url":
                return f"{self.base}{definition.path}/{row['id']}/"
            case "display":
                return display(self.netbox, kind, row)
        if (kind, name) in COMPUTED and name not in definition.fields:
            return COMPUTED[kind, name](self, row)
        if name in definition.always:
            return definition.always[name]
        return self._field(kind, row, name)

    def _field(self, kind: str, row: Row, name: str) -> Any:
        field = self.netbox.kinds[kind].fields.get(name)
        value: Any = row.get(name)
        if field is None or (value is None and field.type != "json"):
            return value
        match field.type:
            case "related":
                return self.brief(field.to, value)
            case "many":
                return [self.brief(field.to, one) for one in value]
            case "choice":
                return {"value": value, "label": field.choices[value]}
            case "mac" | "address" | "prefix":
                return str(value)
        return value
