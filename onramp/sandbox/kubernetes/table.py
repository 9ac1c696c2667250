"""The table that `kubectl get` asks for."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from onramp.sandbox.kubernetes.resources import HOSTS, SECRETS, Object, Resource

Column = tuple[str, str, int, Callable[[Object], Any]]


def _at(*path: str) -> Callable[[Object], Any]:
    def value(found: Object) -> Any:
        for step in path:
            found = found.get(step, {})
        return found if found != {} else None

    return value


def _age(found: Object) -> str:
    made = datetime.strptime(found["metadata"]["creationTimestamp"], "%Y-%m-%dT%H:%M:%S%z")
    seconds = int((datetime.now(UTC) - made).total_seconds())
    sizes = ((86400, "d"), (3600, "h"), (60, "m"))
    return next((f"{seconds // size}{unit}" for size, unit in sizes if seconds >= 2 * size), f"{seconds}s")


NAME: Column = ("Name", "string", 0, _at("metadata", "name"))
AGE: Column = ("Age", "string", 0, _age)
COLUMNS: dict[Resource, tuple[Column, ...]] = {
    HOSTS: (
        ("Status", "string", 1, _at("status", "operationalStatus")),
        ("State", "string", 0, _at("status", "provisioning", "state")),
        ("Consumer", "string", 0, _at("spec", "consumerRef", "name")),
        ("BMC", "string", 1, _at("spec", "bmc", "address")),
        ("Online", "string", 0, _at("spec", "online")),
        ("Error", "string", 0, _at("status", "errorType")),
    ),
    SECRETS: (
        ("Type", "string", 0, _at("type")),
        ("Data", "integer", 0, lambda found: len(found.get("data") or {})),
    ),
}


def table(resource: Resource, items: list[Object], metadata: Object) -> Object:
    """Objects as rows, with the columns that the CRD names."""
    columns = (NAME, *COLUMNS.get(resource, (("Status", "string", 0, _at("status", "phase")),)), AGE)
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": [
            {"name": name, "type": kind, "format": "", "description": name, "priority": priority}
            for name, kind, priority, _value in columns
        ],
        "rows": [
            {"cells": [value(found) for *_, value in columns], "object": _partial(found)} for found in items
        ],
    }


def _partial(found: Object) -> Object:
    head = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}
    return {**head, "metadata": found["metadata"]}
