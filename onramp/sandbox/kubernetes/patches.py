"""Merge patch (RFC 7396) and JSON patch (RFC 6902)."""

import copy
from typing import Any

from onramp.sandbox.kubernetes.errors import Refused, bad_request
from onramp.sandbox.kubernetes.resources import Object


def merge(target: Any, patch: Any) -> Any:
    """The target with a merge patch on it: null removes, an object goes deeper, anything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def json_patch(target: Object, operations: Any) -> Object:
    """The target after the operations.

    :raises Refused: 400 for what is no patch; 422 where a `test` fails or a path is not there.
    """
    if not isinstance(operations, list):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal object into Go value of type []v1.Operation"
        )
    patched = copy.deepcopy(target)
    for operation in operations:
        try:
            _operate(patched, operation)
        except (KeyError, IndexError, TypeError, ValueError) as failure:
            message = f"the server rejected our request due to an error in our request: {failure}"
            raise Refused(422, "Invalid", message) from failure
    return patched


def _operate(document: Any, operation: Object) -> None:
    path = operation["path"]
    match operation["op"]:
        case "test":
            if _read(document, path) != operation["value"]:
                raise ValueError(f"testing path {path} failed")
        case "add":
            _write(document, path, copy.deepcopy(operation["value"]), insert=True)
        case "replace":
            _read(document, path)
            _write(document, path, copy.deepcopy(operation["value"]), insert=False)
        case "remove":
            _remove(document, path)
        case "copy":
            _write(document, path, copy.deepcopy(_read(document, operation["from"])), insert=True)
        case "move":
            moved = _read(document, operation["from"])
            _remove(document, operation["from"])
            _write(document, path, moved, insert=True)
        case unknown:
            raise ValueError(f"unexpected kind: {unknown}")


def _steps(path: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]


def _child(holder: Any, step: str) -> Any:
    return holder[int(step)] if isinstance(holder, list) else holder[step]


def _read(document: Any, path: str) -> Any:
    for step in _steps(path):
        document = _child(document, step)
    return document


def _holder(document: Any, path: str) -> tuple[Any, str]:
    *above, last = _steps(path)
    for step in above:
        document = _child(document, step)
    return document, last


def _write(document: Any, path: str, value: Any, *, insert: bool) -> None:
    holder, last = _holder(document, path)
    if not isinstance(holder, list):
        holder[last] = value
    elif insert:
        holder.insert(len(holder) if last == "-" else int(last), value)
    else:
        holder[int(last)] = value


def _remove(document: Any, path: str) -> None:
    holder, last = _holder(document, path)
    del holder[int(last) if isinstance(holder, list) else last]
