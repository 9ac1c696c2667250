"""What a client sent, read as field values: NetBox's serializers, with their messages."""

import json
import re
from collections.abc import Callable, Mapping
from ipaddress import ip_interface, ip_network
from typing import TYPE_CHECKING, Any

from onramp.sandbox.netbox.errors import Refused
from onramp.sandbox.netbox.model import Field, Kind

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox


def read_fields(netbox: "NetBox", kind: Kind, sent: Mapping[str, Any], *, partial: bool) -> dict[str, Any]:
    """The values of the kind's fields; those left out get their defaults, or stay out if `partial`.

    Raises:
        Refused: with the messages of every field that is wrong or missing.
    """
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    for name, field in kind.fields.items():
        try:
            if name in sent:
                values[name] = _read(netbox, field, sent[name])
            elif not partial:
                values[name] = _default(field)
        except ValueError as wrong:
            errors[name] = [str(wrong)]
    if errors:
        raise Refused(errors)
    return values


def _default(field: Field) -> Any:
    if field.required:
        raise ValueError("This field is required.")
    return list(field.default) if isinstance(field.default, tuple) else field.default


def _read(netbox: "NetBox", field: Field, value: Any) -> Any:
    if value is None or (value == "" and field.null):
        if field.null or field.type == "choice":
            return None
        raise ValueError("This field may not be null.")
    if field.type == "related":
        return related(netbox, field.to, value)
    if field.type == "many":
        return [related(netbox, field.to, one) for one in value]
    if field.type == "choice":
        return _choice(field, value)
    read = READERS[field.type](value)
    if field.minimum is not None and read < field.minimum:
        raise ValueError(f"Ensure this value is greater than or equal to {field.minimum:g}.")
    if field.required and read == "":
        raise ValueError("This field may not be blank.")
    return read


def related(netbox: "NetBox", kind: str, value: Any) -> int:
    """The id of the object that an id, or attributes which only it has, name."""
    if isinstance(value, Mapping):
        found = [row["id"] for row in netbox.tables[kind].rows.values() if _has(netbox, kind, row, value)]
        if len(found) == 1:
            return int(found[0])
        text = "Multiple objects match" if found else "Related object not found using"
        raise ValueError(f"{text} the provided attributes: {dict(value)}")
    try:
        wanted = int(value)
    except (TypeError, ValueError):
        raise ValueError(
            "Related objects must be referenced by numeric ID or by dictionary of attributes. "
            f"Received an unrecognized value: {value}"
        ) from None
    if wanted not in netbox.tables[kind].rows:
        raise ValueError(f"Related object not found using the provided numeric ID: {wanted}")
    return wanted


def _has(netbox: "NetBox", kind: str, row: Mapping[str, Any], attributes: Mapping[str, Any]) -> bool:
    for name, wanted in attributes.items():
        if isinstance(wanted, Mapping):
            to = netbox.kinds[kind].fields[name].to
            other = netbox.tables[to].rows.get(row[name])
            if other is None or not _has(netbox, to, other, wanted):
                return False
        elif str(row.get(name)) != str(wanted):
            return False
    return True


def _choice(field: Field, value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError('Value must be passed directly (e.g. "foo": 123); do not use a dictionary or list.')
    if value not in field.choices:
        raise ValueError(f"{value} is not a valid choice.")
    return str(value)


def _text(value: Any) -> str:
    if isinstance(value, bool | dict | list):
        raise ValueError("Not a valid string.")
    return str(value).strip()


def _integer(value: Any) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise ValueError("A valid integer is required.") from None


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("A valid number is required.") from None


def _boolean(value: Any) -> bool:
    text = str(value).lower()
    if text not in {"true", "1", "yes", "on", "false", "0", "no", "off"}:
        raise ValueError("Must be a valid boolean.")
    return text in {"true", "1", "yes", "on"}


def mac(value: Any) -> str:
    """A MAC address in any spelling, as NetBox shows it: `AA:BB:CC:DD:EE:FF`."""
    digits = re.sub(r"[\s:.-]", "", str(value)).upper()
    if not re.fullmatch(r"[0-9A-F]{12}", digits):
        raise ValueError(f"Invalid MAC address format: {value}")
    return ":".join(digits[i : i + 2] for i in range(0, 12, 2))


def _address(value: Any) -> Any:
    try:
        return ip_interface(value)
    except ValueError:
        raise ValueError(f"Invalid IP address format: {value}") from None


def _prefix(value: Any) -> Any:
    try:
        return ip_network(value, strict=False)
    except ValueError:
        raise ValueError(f"Invalid IP prefix format: {value}") from None


READERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "json": lambda value: json.loads(json.dumps(value)),
    "mac": mac,
    "address": _address,
    "prefix": _prefix,
}
