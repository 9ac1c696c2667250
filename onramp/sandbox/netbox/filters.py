"""The query parameters of a list, as NetBox has them.

Several values of one parameter mean any of them; several parameters mean all of them; a parameter that
NetBox does not know is ignored; a reference to an object that does not exist is a 400.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from onramp.sandbox.netbox.errors import invalid
from onramp.sandbox.netbox.reference_filters import reference
from onramp.sandbox.netbox.special_filters import EXACT_MAC, SPECIAL
from onramp.sandbox.netbox.store import Row
from onramp.sandbox.netbox.values import READERS, mac

if TYPE_CHECKING:
    from onramp.sandbox.netbox.state import NetBox

Test = Callable[[Row], bool]
LOOKUPS: dict[str, Callable[[str, str], bool]] = {
    "ic": lambda has, wanted: wanted in has,
    "ie": lambda has, wanted: wanted == has,
    "isw": lambda has, wanted: has.startswith(wanted),
    "iew": lambda has, wanted: has.endswith(wanted),
    "iregex": lambda has, wanted: re.search(wanted, has) is not None,
}
WITH_DESCENDANTS = {"location", "parent"}
CASELESS = {("devices", "name"), ("devices", "serial")}


def select(netbox: "NetBox", kind: str, params: Mapping[str, Sequence[str]]) -> list[Row]:
    """The objects that these parameters select, in the kind's order.

    Raises:
        Refused: 400, naming the parameter with a value that cannot be.
    """
    tests = [test for name, values in params.items() if (test := _test(netbox, kind, name, values))]
    rows = [row for row in _candidates(netbox, kind, params) if all(test(row) for test in tests)]
    order = netbox.kinds[kind].order
    return sorted(rows, key=lambda row: [*(_sortable(row[name]) for name in order), row["id"]])


def _sortable(value: Any) -> Any:
    return (value is None, value.version, value) if hasattr(value, "version") else (value is None, value or 0)


def _candidates(netbox: "NetBox", kind: str, params: Mapping[str, Sequence[str]]) -> Iterable[Row]:
    """Fewer rows than all of them where an index tells; the tests decide."""
    for name, (value, *others) in params.items():
        found = None if others else _indexed(netbox, kind, name, value)
        if found is not None:
            return found
    return list(netbox.tables[kind].rows.values())


def _indexed(netbox: "NetBox", kind: str, name: str, value: str) -> Iterable[Row] | None:
    table = netbox.tables[kind]
    if (kind, name) == ("ip-addresses", "parent"):
        host = _host(value)
        return table.find("address", host) if host else None
    column = "assigned_object_id" if name == "interface_id" else name.removesuffix("_id")
    if column in WITH_DESCENDANTS or not table.has_index(column):
        return None
    of = netbox.kinds[kind].fields[column].type
    try:
        if of in {"mac", "address"}:
            return table.find(column, READERS[of](value))
        if of == "text" and name == column:
            return table.find(column, value)
        return table.find(column, int(value)) if name != column else None
    except ValueError:
        return None


def _host(network: str) -> Any:
    try:
        parsed = ip_network(network, strict=False)
    except ValueError:
        return None
    return parsed.network_address if parsed.num_addresses == 1 else None


def _test(netbox: "NetBox", kind: str, name: str, values: Sequence[str]) -> Test | None:
    if name == "id":
        return lambda row: str(row["id"]) in values
    if name == "q":
        return lambda row: any(values[0].lower() in text for text in _texts(row))
    if name == "tag":
        slugs = netbox.tables["tags"].rows
        return lambda row: any(slugs[one]["slug"] in values for one in row.get("tags", ()))
    if name.startswith("cf_"):
        return lambda row: str((row.get("custom_fields") or {}).get(name[3:])) in values
    if special := _special(netbox, kind, name, values):
        return special
    return reference(netbox, kind, name, values) or _plain(netbox, kind, name, values)


def _texts(row: Row) -> Iterable[str]:
    return (str(value).lower() for name, value in row.items() if isinstance(value, str) or name == "address")


def _special(netbox: "NetBox", kind: str, name: str, values: Sequence[str]) -> Test | None:
    if name == "mac_address" and kind in EXACT_MAC:
        for value in values:
            try:
                mac(value)
            except ValueError as wrong:
                raise invalid(name, str(wrong)) from None
    special = SPECIAL.get(kind, {}).get(name)
    if special is None:
        return None
    return lambda row: any(_no_error(special, netbox, row, value) for value in values)


def _no_error(special: Callable[..., bool], netbox: "NetBox", row: Row, value: str) -> bool:
    """NetBox answers an empty list to a network that it cannot parse."""
    try:
        return special(netbox, row, value)
    except ValueError:
        return False


def _plain(netbox: "NetBox", kind: str, name: str, values: Sequence[str]) -> Test | None:
    """A field's own value: `name=x`, `name__ic=x`, `status=planned`, `mgmt_only=true`, with `n` for not."""
    base, _, lookup = name.partition("__")
    field = netbox.kinds[kind].fields.get(base)
    if field is None:
        return None
    negated = lookup == "n" or (lookup[:1] == "n" and lookup[1:] in LOOKUPS)
    lookup = lookup[1:] if negated else lookup
    if lookup == "empty":
        return lambda row: (row[base] in (None, "")) == (values[0].lower() == "true")
    if lookup in LOOKUPS or (kind, base) in CASELESS:
        compare = LOOKUPS[lookup or "ie"]
        lowered = [value.lower() for value in values]
        return lambda row: negated != any(compare(str(row[base] or "").lower(), one) for one in lowered)
    wanted = [_wanted(name, field.type, field.choices, value) for value in values]
    return lambda row: negated != (row[base] in wanted)


def _wanted(name: str, of: str, choices: Mapping[str, str], value: str) -> Any:
    if of == "choice" and value not in choices:
        raise invalid(name, f"Select a valid choice. {value} is not one of the available choices.")
    if of in {"choice", "text"}:
        return value
    try:
        return READERS[of](value)
    except ValueError as wrong:
        raise invalid(name, str(wrong)) from None
