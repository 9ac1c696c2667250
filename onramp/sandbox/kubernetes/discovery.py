"""What clients ask first: which versions, groups and resources there are."""

from onramp.sandbox.kubernetes.resources import ALL, Object, Resource

VERSION: Object = {
    "major": "1", "minor": "35", "gitVersion": "v1.35.4", "gitCommit": "", "gitTreeState": "clean",
    "buildDate": "2026-04-15T00:00:00Z", "goVersion": "go1.25.0", "compiler": "gc", "platform": "linux/amd64",
}  # fmt: skip


def api_versions(server: str) -> Object:
    """`/api`."""
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": server}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}


def groups() -> Object:
    """`/apis`."""
    names = dict.fromkeys(resource.group for resource in ALL if resource.group)
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in names]}


def group(name: str) -> Object | None:
    """`/apis/<group>`, or None."""
    known = any(resource.group == name for resource in ALL)
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)} if known else None


def resources(name: str, version: str) -> Object | None:
    """`/api/v1` and `/apis/<group>/<version>`, or None."""
    found = [resource for resource in ALL if (resource.group, resource.version) == (name, version)]
    if not found:
        return None
    listed = [entry for resource in found for entry in _entries(resource)]
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": found[0].api_version}
    return {**head, "resources": listed}


def _group(name: str) -> Object:
    version = next(resource.version for resource in ALL if resource.group == name)
    found = {"groupVersion": f"{name}/{version}", "version": version}
    return {"name": name, "versions": [found], "preferredVersion": found}


def _entries(resource: Resource) -> list[Object]:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    entry |= {"shortNames": list(resource.short_names)} if resource.short_names else {}
    if not resource.has_status:
        return [entry]
    status = {**entry, "name": f"{resource.plural}/status", "verbs": ["get", "patch", "update"]}
    status.pop("shortNames", None)
    return [entry, {**status, "singularName": ""}]
