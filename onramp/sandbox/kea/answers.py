"""The shapes of Kea's control channel: answers, errors, and the arguments of a command."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

Json = dict[str, Any]

SUCCESS, ERROR, UNSUPPORTED, EMPTY, CONFLICT = range(5)
SUBNET_ID_GLOBAL = 0
SUBNET_ID_MAX = 2**32 - 2
SUBNET_ID_UNUSED = 2**32 - 1
NOWHERE = "(:0:0)"
"""The position that Kea gives for an element that came from no file."""

TYPE_NAMES = {dict: "map", list: "list", str: "string", int: "integer", float: "real", bool: "boolean"}


class KeaError(Exception):
    """A command that Kea refuses; `text` and `result` are what it answers."""

    def __init__(self, text: str, result: int = ERROR) -> None:
        super().__init__(text)
        self.text = text
        self.result = result


def answer(result: int, text: str | None = None, arguments: object = None) -> Json:
    """One answer; an absent text or absent arguments are left out, as Kea does."""
    parts = {"result": result, "text": text, "arguments": arguments}
    return {name: value for name, value in parts.items() if value is not None}


def found(kind: str, name: str, elements: list[Json]) -> Json:
    """The answer to a listing: how many, and which; nothing found is result 3."""
    text = f"{len(elements)} IPv4 {kind}(s) found."
    return answer(SUCCESS if elements else EMPTY, text, {name: elements})


def type_name(value: object) -> str:
    """What Kea calls a JSON value's type."""
    return TYPE_NAMES.get(type(value), "null")


def parse_address(text: str) -> IPv4Address | IPv6Address:
    """An address of either family; raises KeaError in Kea's words."""
    try:
        return ip_address(text)
    except ValueError:
        raise KeaError(f"Failed to convert string to address '{text}': Invalid argument") from None


def required(arguments: Json, name: str, kind: type) -> Any:
    """An argument that must be there with this type; raises KeaError naming it."""
    if name not in arguments:
        raise KeaError(f"missing parameter '{name}' {NOWHERE}")
    if type(arguments[name]) is not kind:
        raise KeaError(f"invalid type specified for parameter '{name}' {NOWHERE}")
    return arguments[name]


def integer(arguments: Json, name: str, maximum: int = SUBNET_ID_MAX) -> int:
    """A required integer from 0 to `maximum`; raises KeaError naming it."""
    value: int = required(arguments, name, int)
    if not 0 <= value <= maximum:
        raise KeaError(f"The '{name}' value ({value}) is not within expected range: (0 - {maximum})")
    return value


def as_map(arguments: object) -> Json:
    """The arguments of a command that takes a map; raises KeaError for anything else."""
    if not isinstance(arguments, dict):
        raise KeaError("Parameters missing or are not a map.")
    return arguments
