"""Every write goes through here: checks, webhook, ownership of fields, generation and version."""

import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from onramp.sandbox.kubernetes import apply, errors, objects, rules
from onramp.sandbox.kubernetes.apply import Owner
from onramp.sandbox.kubernetes.resources import HOSTS, NAMESPACES, Object, Resource
from onramp.sandbox.kubernetes.store import Key, Store


@dataclass(frozen=True)
class Writer:
    """How somebody writes: under which manager's name, to which part, and whether for good."""

    manager: str
    subresource: str = ""
    force: bool = False
    dry_run: bool = False
    strict: bool = False

    def owner(self, resource: Resource, operation: str) -> Owner:
        """His entry in `managedFields`, as of now."""
        return Owner(self.manager, operation, resource.api_version, self.subresource, objects.now())


class Registry:
    """Reads and writes of objects, with everything that an API server checks and keeps."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def get(self, key: Key) -> Object:
        """The object. :raises Refused: 404."""
        found = self.store.get(key)
        if found is None:
            raise errors.not_found(key.resource, key.name)
        return found

    def create(self, key: Key, wanted: Object, by: Writer) -> Object:
        """Store a new object (POST). :raises Refused: 404 for its namespace, 409 where it exists, 422."""
        if self.store.get(key) is not None:
            raise errors.already_exists(key.resource, key.name)
        new = self._new(key, wanted)
        objects.check_known(key.resource, new, strict=by.strict)
        objects.settle(key.resource, new)
        owners = apply.update({"metadata": {}}, new, by.owner(key.resource, "Update"))
        return self._store(key, None, new, owners, by)

    def update(self, key: Key, change: Callable[[Object], Object], by: Writer) -> Object:
        """Write what `change` makes of the object (PUT, merge patch, JSON patch).

        :raises Refused: 404; 409 where the result names another `resourceVersion`; 422; 403 by the webhook.
        """
        before = self.get(key)
        wanted = change(copy.deepcopy(before))
        asked = wanted.get("metadata", {}).get("resourceVersion")
        if asked and asked != before["metadata"]["resourceVersion"]:
            raise errors.modified(key.resource, key.name)
        objects.check_known(key.resource, wanted, strict=by.strict)
        after = objects.merged_parts(key.resource, before, wanted, by.subresource)
        objects.settle(key.resource, after)
        owners = apply.update(before, after, by.owner(key.resource, "Update"))
        return self._store(key, before, after, owners, by)

    def apply(self, key: Key, wanted: Object, by: Writer) -> Object:
        """Server-side apply. :raises Refused: as `create` and `update`, and 409 naming other managers."""
        before = self.store.get(key)
        if "managedFields" in wanted.get("metadata", {}):
            raise errors.bad_request("metadata.managedFields must be nil")
        asked = wanted.get("metadata", {}).get("resourceVersion")
        if asked and (before is None or asked != before["metadata"]["resourceVersion"]):
            raise errors.modified(key.resource, key.name)
        objects.check_typed(key, wanted)
        objects.settle_secret(key.resource, wanted)
        live = before if before is not None else self._new(key, {})
        after, owners = apply.apply(live, wanted, by.owner(key.resource, "Apply"), force=by.force)
        if before is not None:
            after = objects.merged_parts(key.resource, before, after, by.subresource)
        objects.settle(key.resource, after)
        return self._store(key, before, after, owners, by)

    def delete(self, key: Key) -> Object | None:
        """Remove an object, or mark it for removal where finalizers hold it: then it is returned."""
        before = self.get(key)
        if not before["metadata"].get("finalizers"):
            self.store.remove(key)
            return None
        if "deletionTimestamp" in before["metadata"]:
            return before
        marked = copy.deepcopy(before)
        marked["metadata"] |= {"deletionTimestamp": objects.now(), "deletionGracePeriodSeconds": 0}
        if "generation" in marked["metadata"]:
            marked["metadata"]["generation"] += 1
        return self.store.write(key, marked)

    def _new(self, key: Key, wanted: Object) -> Object:
        if key.namespace and self.store.get(Key(NAMESPACES, "", key.namespace)) is None:
            raise errors.not_found(NAMESPACES, key.namespace)
        kept = {k: v for k, v in wanted.get("metadata", {}).items() if k not in objects.SYSTEM_FIELDS}
        metadata: Object = {
            "name": key.name,
            **kept,
            "uid": str(uuid.uuid4()),
            "creationTimestamp": objects.now(),
        }
        metadata |= {"namespace": key.namespace} if key.namespace else {}
        metadata |= {"generation": 1} if key.resource is HOSTS else {}
        body = {k: v for k, v in wanted.items() if k != "status" or not key.resource.has_status}
        return {
            "apiVersion": key.resource.api_version,
            "kind": key.resource.kind,
            **body,
            "metadata": metadata,
        }

    def _store(
        self, key: Key, before: Object | None, after: Object, owners: list[Owner], by: Writer
    ) -> Object:
        objects.validate(key, before, after)
        if key.resource is HOSTS and not by.subresource:
            rules.admit(before, after)
        after["metadata"]["managedFields"] = apply.as_entries(owners)
        if before == after:
            return before
        if before is not None and key.resource is HOSTS and before.get("spec") != after.get("spec"):
            after["metadata"]["generation"] += 1
        if by.dry_run:
            return after
        if "deletionTimestamp" in after["metadata"] and not after["metadata"].get("finalizers"):
            self.store.remove(key)
            return after
        return self.store.write(key, after)
