"""What two records of a file both claim: no reader of the file can tell which of them is right."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise

from events.values import MacAddress, RackPosition, ServerName
from intake.imports.formats import Record
from intake.imports.reading import renamed
from intake.naming import make_name, parts_of
from intake.problems import FieldError

NAMED = 5
"""Other records that are told of each."""

Clashes = Mapping[int, list[FieldError]]
"""By a record's index."""


def clashes(file: Iterable[Record], name_pattern: str) -> Clashes:
    """Every record that shares its name, MAC, address or rack unit with another, and with which.

    The file is gone through once more where two seem to share something.
    """
    repeated = _repeated(hash(claim) for record in file for claim in _claims(record, name_pattern))
    claimants: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in file if repeated else ():
        for claim in _claims(record, name_pattern):
            if hash(claim) in repeated:
                claimants[claim].append(replace(record, fields={}))
    found: dict[int, list[FieldError]] = defaultdict(list)
    for (field, value), sharing in claimants.items():
        for record in sharing if len(sharing) > 1 else ():
            found[record.index].append(FieldError(field, value, _told(record, sharing)))
    return found


def _repeated(hashes: Iterable[int]) -> set[int]:
    """Those that come more than once. Eight bytes are kept of each."""
    return {one for one, next in pairwise(sorted(array("q", hashes))) if one == next}


def _told(record: Record, sharing: Sequence[Record]) -> str:
    others = [other.place for other in sharing[: NAMED + 1] if other.index != record.index][:NAMED]
    more = len(sharing) - 1 - len(others)
    named = f"{', '.join(others)} and {more} more" if more else ", ".join(others)
    return f"its own in this file ({record.place}): {named} claims the same"


def _claims(record: Record, name_pattern: str) -> Iterator[tuple[str, str]]:
    """What a record wants for itself, in one spelling. What can't be read is refused elsewhere."""
    fields = renamed(record.fields)
    said = {
        name: str(value).strip() for name, value in fields.items() if isinstance(value, str | int | float)
    }
    with suppress(ValueError, KeyError):
        yield "device_name", ServerName(said.get("device_name") or _made_name(said, name_pattern))
    for field in ("bmc_mac", "boot_mac"):
        with suppress(ValueError, KeyError):
            yield field, MacAddress(said[field])
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
