"""What goes with an object that is deleted, what forgets it, and what keeps it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from onramp.sandbox.netbox.errors import Refused
from onramp.sandbox.netbox.model import OnDelete
from onramp.sandbox.netbox.render import display
from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox


class Reference(NamedTuple):
    """An object that points at another by one of its fields."""

    kind: str
    row: Row
    field: str
    on_delete: OnDelete

    @property
    def key(self) -> tuple[str, int]:
        """The kind and id of the object that points."""
        return self.kind, self.row["id"]


def delete(netbox: "NetBox", kind: str, row_id: int) -> None:
    """Delete an object and everything that cascades from it; what may stay without it, stays.

    Raises:
        Refused: 409, naming the protected objects that refer to one that would go.
    """
    doomed = _cascade(netbox, kind, row_id)
    left = [one for key in doomed for one in _references(netbox, *key) if one.key not in doomed]
    if protected := {one.key: one for one in left if one.on_delete == "protect"}:
        named = ", ".join(
            f"{display(netbox, one.kind, one.row)} ({one.row['id']})" for one in protected.values()
        )
        detail = f"Unable to delete object. {len(protected)} dependent objects were found: {named}"
        raise Refused({"detail": detail}, 409)
    for one in left:
        table = netbox.tables[one.kind]
        table.put({**table.rows[one.row["id"]], one.field: None})
    for doomed_kind, doomed_id in doomed:
        netbox.tables[doomed_kind].remove(doomed_id)


def _cascade(netbox: "NetBox", kind: str, row_id: int) -> dict[tuple[str, int], None]:
    doomed: dict[tuple[str, int], None] = {}
    waiting = [(kind, row_id)]
    while waiting:
        key = waiting.pop()
        doomed[key] = None
        waiting += [one.key for one in _references(netbox, *key) if one.on_delete == "cascade"]
    return doomed


def _references(netbox: "NetBox", kind: str, row_id: int) -> Iterator[Reference]:
    for other, definition in netbox.kinds.items():
        for name, field in definition.fields.items():
            if field.type == "related" and field.to == kind:
                for row in netbox.find(other, **{name: row_id}):
                    yield Reference(other, row, name, field.on_delete)
            elif kind == "interfaces" and name == "assigned_object_id":
                for row in netbox.find(other, **{name: row_id}):
                    yield Reference(other, row, name, "cascade")
