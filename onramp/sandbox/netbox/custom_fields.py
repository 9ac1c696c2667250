"""The custom fields of an object: their defaults, and NetBox's refusals."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from onramp.sandbox.netbox.errors import Refused, invalid
from onramp.sandbox.netbox.store import Row

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox

TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "text": (lambda value: isinstance(value, str), "Value must be a string."),
    "url": (lambda value: isinstance(value, str), "Value must be a string."),
    "integer": (lambda value: type(value) is int, "Value must be an integer."),
    "boolean": (lambda value: isinstance(value, bool), "Value must be true or false."),
}


def check(netbox: "NetBox", kind: str, row: Row) -> None:
    """Refuse names that this kind has not, values of the wrong type, and required ones that are missing."""
    if "custom_fields" not in row:
        return
    content_type = netbox.kinds[kind].content_type
    known = {
        field["name"]: field
        for field in netbox.tables["custom-fields"].rows.values()
        if content_type in field["object_types"]
    }
    sent = row["custom_fields"]
    values = {name: field["default"] for name, field in known.items()} if sent is None else sent
    if unknown := sorted(values.keys() - known.keys()):
        text = "Custom field '{}' does not exist for this object type."
        raise Refused({"custom_fields": {name: [text.format(name)] for name in unknown}})
    for name, field in known.items():
        _check_value(name, field, values)
    row["custom_fields"] = values


def _check_value(name: str, field: Row, values: dict[str, Any]) -> None:
    if name not in values:
        if field["required"]:
            raise invalid("__all__", f"Missing required custom field '{name}'.")
        return
    value = values[name]
    right, message = TYPES.get(field["type"], (lambda _: True, ""))
    if value in (None, ""):
        right, message = (lambda _: not field["required"]), "Required field cannot be empty."
    if not right(value):
        raise invalid("__all__", f"Invalid value for custom field '{name}': {message}")
