"""Who owns which field: server-side apply, and what any other write does to `managedFields`.

The rules are those of sigs.k8s.io/structured-merge-diff. An apply owns exactly the fields that it names,
gives up those it no longer names (they are dropped if nobody else owns them), and may not change another's
without `force`. Any other write owns what it changed, and takes that from everyone else.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace

from onramp.sandbox.kubernetes import fields
from onramp.sandbox.kubernetes.errors import Refused
from onramp.sandbox.kubernetes.fields import Path
from onramp.sandbox.kubernetes.resources import Object


@dataclass(frozen=True)
class Owner:
    """One entry of `managedFields`."""

    manager: str
    operation: str
    api_version: str
    subresource: str = ""
    time: str = ""
    paths: frozenset[Path] = frozenset()

    def is_same_as(self, other: "Owner") -> bool:
        """Whether both speak for one manager in one role."""
        return (self.manager, self.operation, self.api_version, self.subresource) == (
            other.manager, other.operation, other.api_version, other.subresource,
        )  # fmt: skip

    def as_entry(self) -> Object:
        """As `managedFields` holds it."""
        entry = {"manager": self.manager, "operation": self.operation, "apiVersion": self.api_version}
        entry |= {"time": self.time, "fieldsType": "FieldsV1"}
        subresource = {"subresource": self.subresource} if self.subresource else {}
        return {**entry, "fieldsV1": fields.to_v1(self.paths), **subresource}


def owners(stored: Object) -> list[Owner]:
    """Who owns fields of an object."""
    return [
        Owner(
            manager=entry["manager"],
            operation=entry["operation"],
            api_version=entry["apiVersion"],
            subresource=entry.get("subresource", ""),
            time=entry["time"],
            paths=frozenset(fields.from_v1(entry["fieldsV1"])),
        )
        for entry in stored["metadata"].get("managedFields", [])
    ]


def apply(live: Object, wanted: Object, by: Owner, *, force: bool) -> tuple[Object, list[Owner]]:
    """The live object with `wanted` applied to it, and its owners after that.

    :raises Refused: 409 where a changed field is another's and `force` is not given.
    """
    named = fields.leaves(wanted)
    now = fields.leaves(live)
    changed = {path for path, value in named.items() if now.get(path, ...) != value and value != {}}
    standing = owners(live)
    others = [owner for owner in standing if not owner.is_same_as(by)]
    if not force and (conflicts := [(o, path) for o in others for path in sorted(o.paths & changed)]):
        raise _conflict(conflicts)
    others = [replace(owner, paths=owner.paths - changed) for owner in others]
    merged = copy.deepcopy(live)
    before = next((owner for owner in standing if owner.is_same_as(by)), None)
    kept_by_others = frozenset[Path]().union(*(owner.paths for owner in others))
    for path in sorted((before.paths if before else frozenset()) - named.keys() - kept_by_others):
        fields.drop(merged, path)
    for path in named:
        fields.put(merged, path, copy.deepcopy(named[path]))
    same = before is not None and before.paths == named.keys()
    mine = before if before and same else replace(by, paths=frozenset(named))
    return merged, [*others, mine]


def update(before: Object, after: Object, by: Owner) -> list[Owner]:
    """The owners of an object after a write that was no apply."""
    old, new = fields.leaves(before), fields.leaves(after)
    changed = {path for path, value in new.items() if old.get(path, ...) != value}
    holders = fields.parents(new)
    gone = (old.keys() | fields.parents(old)) - new.keys() - holders
    added = holders - fields.parents(old)
    standing = owners(before)
    kept = [replace(o, paths=o.paths - gone - changed) for o in standing if not o.is_same_as(by)]
    mine = next((owner for owner in standing if owner.is_same_as(by)), by)
    paths = frozenset((mine.paths | changed | added) - gone)
    return [*kept, mine if paths == mine.paths else replace(by, paths=paths)]


def as_entries(found: Iterable[Owner]) -> list[Object]:
    """`managedFields` in the order in which an API server keeps it."""
    owning = [owner for owner in found if owner.paths]
    return [o.as_entry() for o in sorted(owning, key=lambda o: (o.operation, o.time, o.manager))]


def _conflict(conflicts: list[tuple[Owner, Path]]) -> Refused:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f"conflict with {_named(owner)}",
            "field": fields.text(path),
        }
        for owner, path in conflicts
    ]
    if len(conflicts) == 1:
        message = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
        return Refused(409, "Conflict", message, {"causes": causes})
    lines = []
    for owner in sorted({_named(owner) for owner, _path in conflicts}):
        lines.append(f"conflicts with {owner}:")
        lines += [f"- {fields.text(path)}" for found, path in conflicts if _named(found) == owner]
    message = f"Apply failed with {len(conflicts)} conflicts: " + "\n".join(lines)
    return Refused(409, "Conflict", message, {"causes": causes})


def _named(owner: Owner) -> str:
    name = f'"{owner.manager}"'
    name += f' with subresource "{owner.subresource}"' if owner.subresource else ""
    return f"{name} using {owner.api_version}" if owner.operation == "Update" else name
