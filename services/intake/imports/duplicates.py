"""What two records of a file both claim: no reader of the file can tell which of them is right."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from events.values import MacAddress, RackPosition, ServerName
from intake.imports.formats import Record
from intake.imports.reading import renamed
from intake.naming import make_name, parts_of
from intake.problems import FieldError

NAMED = 5
"""Other records that are told of each."""

Clashes = Mapping[int, list[FieldError]]
"""By a record's index."""


def clashes(records: Iterable[Record], name_pattern: str) -> Clashes:
    """Every record that shares its name, MAC, address or rack unit with another, and with which."""
    places: list[str] = []
    first: dict[str, dict[str, int]] = defaultdict(dict)
    shared: dict[tuple[str, str], list[int]] = {}
    for record in records:
        places.append(record.place)
        for field, value in _claims(renamed(record.fields), name_pattern):
            claimant = first[field].setdefault(value, record.index)
            if claimant != record.index:
                shared.setdefault((field, value), [claimant]).append(record.index)
    found: dict[int, list[FieldError]] = defaultdict(list)
    for (field, value), claimants in shared.items():
        for index in claimants:
            found[index].append(FieldError(field, value, _told(index, claimants, places)))
    return found


def _told(index: int, claimants: Sequence[int], places: Sequence[str]) -> str:
    others = [places[other] for other in claimants[: NAMED + 1] if other != index][:NAMED]
    more = len(claimants) - 1 - len(others)
    named = f"{', '.join(others)} and {more} more" if more else ", ".join(others)
    return f"its own in this file ({places[index]}): {named} claims the same"


def _claims(fields: Mapping[str, Any], name_pattern: str) -> Iterator[tuple[str, str]]:
    """What a record wants for itself, in one spelling. What can't be read is refused elsewhere."""
    said = {
        name: str(value).strip() for name, value in fields.items() if isinstance(value, str | int | float)
    }
    with suppress(ValueError, KeyError):
        yield "device_name", ServerName(said.get("device_name") or _made_name(said, name_pattern))
    with suppress(ValueError, KeyError):
        yield "bmc_mac", MacAddress(said["bmc_mac"])
    with suppress(ValueError, KeyError):
        yield "bmc_ip", str(ip_address(said["bmc_ip"]))
    with suppress(ValueError, KeyError):
        place = [said.get("site", ""), said.get("location", ""), said["rack"]]
        yield "position", f"{'/'.join(place).casefold()} {RackPosition(said['position']).label}"


def _made_name(said: Mapping[str, str], pattern: str) -> str:
    parts = {
        part: RackPosition(said[part]) if part == "position" else said[part] for part in parts_of(pattern)
    }
    return make_name(pattern, parts)
