"""Devices with their passwords, and Kea's reservations with their MACs, joined to registrations.

They are matched by the hostname's first label, with or without `-bmc` and the site's prefix on either
side. What finds no partner, or more than one, is told and never dropped in silence.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]

_COMMENT_OR_TEXT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|#[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[\]}])', re.DOTALL)


@dataclass(frozen=True)
class Merged:
    """What came of it. Each problem is a sentence that names its device or reservation."""

    records: tuple[Json, ...] = field(repr=False)
    problems: tuple[str, ...]


def merge(devices: Sequence[Json], reservations: Sequence[Json], site: str = "") -> Merged:
    """A registration for each device that has a password and one reservation, or a MAC of its own."""
    by_device, by_host = _by_name(devices, "device_name", site), _by_name(reservations, "hostname", site)
    records, problems = [], [*_nameless(devices, "device_name"), *_nameless(reservations, "hostname")]
    for name, same in by_device.items():
        found = by_host.get(name, [])
        told = _problem(same, found)
        if told:
            problems.append(f"{_called(same[0], 'device_name')}: {told}")
        else:
            records.append({**(_fields(found[0]) if found else {}), **_said(same[0])})
    unmatched = [host for name, hosts in by_host.items() if name not in by_device for host in hosts]
    problems += [f"{_called(host, 'hostname')}: a reservation that no device matches" for host in unmatched]
    return Merged(tuple(records), tuple(problems))


def reservations_in(text: str) -> list[Json]:
    """Those of an array, of `{"reservations": […]}` or of a whole configuration of Kea, comments and all.

    Raises `ValueError` when it is none of these.
    """
    document = json.loads(_without_comments(text))
    found = list(_reservations(document))
    if not all(isinstance(reservation, dict) for reservation in found):
        raise ValueError("a reservation is an object with hostname, hw-address and ip-address")
    return found


def _without_comments(text: str) -> str:
    """Kea takes C, C++ and shell comments, and a comma after the last element; JSON does not."""
    bare = _COMMENT_OR_TEXT.sub(lambda match: match[1] or " ", text)
    return _TRAILING_COMMA.sub(lambda match: match[1] or "", bare)


def _reservations(document: Any) -> Iterator[Any]:
    """Wherever they stand: at the top, in subnets, in the subnets of shared networks, globally."""
    if isinstance(document, list):
        yield from document
        return
    if not isinstance(document, dict):
        raise ValueError("an array of reservations, or Kea's configuration, is wanted")
    scope = document.get("Dhcp4", document)
    yield from scope.get("reservations", ())
    for holder in (*scope.get("subnet4", ()), *scope.get("shared-networks", ())):
        yield from _reservations(holder)


def _by_name(entries: Sequence[Json], name: str, site: str) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = defaultdict(list)
    for entry in entries:
        if entry.get(name):
            found[_key(str(entry[name]), site)].append(entry)
    return found


def _key(name: str, site: str) -> str:
    label = name.strip().lower().partition(".")[0].removesuffix("-bmc")
    return label.removeprefix(f"{site.lower()}-") if site else label


def _problem(same: Sequence[Json], found: Sequence[Json]) -> str:
    if len(same) > 1:
        names = ", ".join(str(device["device_name"]) for device in same)
        return f"{len(same)} devices have this name: {names}"
    if len(found) > 1:
        hosts = ", ".join(_called(host, "hostname") for host in found)
        return f"{len(found)} reservations match: {hosts}"
    device = same[0]
    if not device.get("bmc_password") and not device.get("bmc_password_sealed"):
        return "no password"
    if device.get("bmc_mac") or (found and found[0].get("hw-address")):
        return ""
    return "neither it nor its reservation has a MAC" if found else "no reservation matches"


def _said(device: Json) -> Json:
    """What a device says; a field that was left empty says nothing."""
    return {name: value for name, value in device.items() if value not in (None, "")}


def _fields(reservation: Json) -> Json:
    known = {"bmc_mac": reservation.get("hw-address"), "bmc_ip": reservation.get("ip-address")}
    return {name: value for name, value in known.items() if value}


def _nameless(entries: Sequence[Json], name: str) -> list[str]:
    numbers = [number for number, entry in enumerate(entries, 1) if not entry.get(name)]
    return [f"entry {number}: no {name}" for number in numbers]


def _called(entry: Json, name: str) -> str:
    address = entry.get("ip-address") or entry.get("hw-address")
    return f"{entry[name]} ({address})" if name == "hostname" and address else str(entry[name])
