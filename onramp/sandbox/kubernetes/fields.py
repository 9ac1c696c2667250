"""Which fields an object has: paths, and the FieldsV1 form in which `managedFields` writes them.

A path is a tuple of FieldsV1 elements: `("f:spec", "f:bmc", "f:address")`. An item of a list that is a set is
`v:"value"`, one of a list that is a map is `k:{"uid":"..."}`. All other lists are one value (atomic).
A path that is in a set together with its children is written as `.` below its parent.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from onramp.sandbox.kubernetes.resources import Object

Path = tuple[str, ...]
SETS = {("f:metadata", "f:finalizers")}
MAPS = {("f:metadata", "f:ownerReferences"): "uid"}
ATOMIC = {("f:spec", f"f:{name}") for name in ("consumerRef", "userData", "networkData", "metaData")} | {
    ("f:status", "f:goodCredentials", "f:credentials"),
    ("f:status", "f:triedCredentials", "f:credentials"),
}
UNTRACKED = {("f:apiVersion",), ("f:kind",), ("f:metadata",)} | {
    ("f:metadata", f"f:{name}")
    for name in (
        "name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
        "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields",
    )
}  # fmt: skip


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _items(path: Path, value: Any) -> Iterator[tuple[str, Any]] | None:
    """The children of a value as (element, child); None where it has none of their own."""
    if path in SETS and isinstance(value, list):
        return ((f"v:{_compact(item)}", item) for item in value)
    if path in MAPS and isinstance(value, list):
        name = MAPS[path]
        return ((f"k:{_compact({name: item.get(name)})}", item) for item in value)
    if isinstance(value, dict) and value and path not in ATOMIC and not (path and path[-1][0] == "k"):
        return ((f"f:{name}", child) for name, child in value.items())
    return None


def leaves(value: Any, path: Path = ()) -> dict[Path, Any]:
    """Every tracked field that holds a value of its own, with the value."""
    children = _items(path, value)
    if children is None:
        return {path: value}
    found: dict[Path, Any] = {}
    for element, child in children:
        inner = (*path, element)
        if inner not in UNTRACKED or inner == ("f:metadata",):
            found |= leaves(child, inner)
    return found


def parents(paths: Iterable[Path]) -> set[Path]:
    """Every tracked path that holds one of `paths`."""
    return {path[:length] for path in paths for length in range(1, len(path))} - UNTRACKED


def text(path: Path) -> str:
    """As conflicts name a field: `.spec.bmc.address`, `.metadata.finalizers[="x"]`."""
    forms = {"f": lambda e: f".{e}", "v": lambda e: f"[={e}]", "k": _key_text}
    return "".join(forms[element[0]](element[2:]) for element in path)


def _key_text(element: str) -> str:
    return "[" + ",".join(f"{name}={_compact(value)}" for name, value in json.loads(element).items()) + "]"


def to_v1(paths: Iterable[Path]) -> Object:
    """FieldsV1 from a set of paths."""
    root: Object = {}
    members = set(paths)
    holders = parents(members)
    for path in sorted(members):
        node = root
        for element in path:
            node = node.setdefault(element, {})
        if path in holders:
            node["."] = {}
    return root


def from_v1(node: Object, path: Path = ()) -> set[Path]:
    """The set of paths that a FieldsV1 names."""
    if not node:
        return {path}
    found: set[Path] = set()
    for element, child in node.items():
        found |= {path} if element == "." else from_v1(child, (*path, element))
    return found


def put(target: Object, path: Path, value: Any) -> None:
    """Write one field, making what holds it."""
    node: Any = target
    for position, element in enumerate(path[:-1], start=1):
        empty: Any = [] if path[:position] in SETS or path[:position] in MAPS else {}
        if not isinstance(node.get(element[2:]), type(empty)):
            node[element[2:]] = empty
        node = node[element[2:]]
    last = path[-1]
    if last[0] == "f":
        if value != {} or not isinstance(node.get(last[2:]), dict):
            node[last[2:]] = value
        return
    found = _position(node, last)
    node[found : found + 1] = [value]


def drop(target: Any, path: Path) -> None:
    """Remove one field, and what is left empty by that."""
    head, rest = path[0], path[1:]
    if isinstance(target, list):
        found = _position(target, head)
        del target[found : found + 1]
        return
    name = head[2:]
    if not isinstance(target, dict) or name not in target:
        return
    if rest:
        drop(target[name], rest)
    if not rest or target[name] in ({}, []):
        del target[name]


def _position(items: list[Any], element: str) -> int:
    """Where in a list an element is; past its end where it is not."""
    wanted = json.loads(element[2:])
    for position, item in enumerate(items):
        matches = item == wanted if element[0] == "v" else wanted.items() <= item.items()
        if matches:
            return position
    return len(items)
