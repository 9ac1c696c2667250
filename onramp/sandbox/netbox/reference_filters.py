"""The filters by what an object, or its device, refers to: `site=dcoa`, `site_id=1`, `rack_id=null`."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from onramp.sandbox.netbox.errors import invalid
from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox

# Where a list is filtered by what its objects belong to: the way there, and the kind at its end.
THROUGH = {
    "interfaces": {"site": ("device", "site"), "rack": ("device", "rack"), "location": ("device", "location"),
                   "role": ("device", "role")},
    "devices": {"manufacturer": ("device_type", "manufacturer")},
}  # fmt: skip


def reference(netbox: "NetBox", kind: str, name: str, values: Sequence[str]) -> Callable[[Row], bool] | None:
    """The test that this parameter means, or None where it names no reference.

    Raises:
        Refused: 400, when a value names no object.
    """
    path: tuple[str, ...]
    by_id = name.endswith("_id")
    field = name.removesuffix("_id")
    if (kind, name) in {("ip-addresses", "interface_id"), ("mac-addresses", "interface_id")}:
        path, to = ("assigned_object_id",), "interfaces"
    elif field in THROUGH.get(kind, {}):
        path = THROUGH[kind][field]
        to = netbox.kinds[netbox.kinds[kind].fields[path[0]].to].fields[path[1]].to
    elif field in netbox.kinds[kind].fields and netbox.kinds[kind].fields[field].type == "related":
        path, to = (field,), netbox.kinds[kind].fields[field].to
    else:
        return None
    natural = "id" if by_id else netbox.kinds[to].natural
    wanted = {one for value in values for one in _named(netbox, name, to, natural, value)}
    if to == "locations" and kind in {"racks", "devices"}:
        wanted |= _descendants(netbox, wanted)
    return lambda row: _follow(netbox, kind, row, path) in wanted


def _named(netbox: "NetBox", name: str, to: str, natural: str, value: str) -> list[int | None]:
    if value == "null":
        return [None]
    if natural == "id":
        found: list[int | None] = [int(value)] if netbox.get(to, _number(value)) else []
    else:
        found = [row["id"] for row in netbox.tables[to].rows.values() if str(row[natural]) == value]
    if not found:
        raise invalid(name, f"Select a valid choice. {value} is not one of the available choices.")
    return found


def _number(value: str) -> int | None:
    return int(value) if value.isdecimal() else None


def _descendants(netbox: "NetBox", above: set[int | None]) -> set[int | None]:
    below: set[int | None] = {
        row["id"] for one in above if one for row in netbox.find("locations", parent=one)
    }
    return below | _descendants(netbox, below) if below else set()


def _follow(netbox: "NetBox", kind: str, row: Row, path: Sequence[str]) -> int | None:
    for step in path[:-1]:
        kind = netbox.kinds[kind].fields[step].to
        row = netbox.tables[kind].rows[row[step]]
    return row[path[-1]]  # type: ignore[no-any-return]
