"""A NetBox to test against, filled and looked at through its own API by a plain client."""

from typing import Any

import httpx

Json = dict[str, Any]

# In the order in which they can be deleted.
CHANGING = (
    "ipam/ip-addresses", "dcim/devices", "dcim/mac-addresses", "ipam/prefixes", "ipam/vrfs", "dcim/racks",
    "dcim/locations", "dcim/device-types", "extras/custom-fields", "extras/tags",
)  # fmt: skip


class Subject:
    """One NetBox and a token that may do everything."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        scheme = "Bearer" if token.startswith("nbt_") else "Token"
        headers = {"Authorization": f"{scheme} {token}"}
        self._http = httpx.Client(base_url=f"{url}/api/", headers=headers, timeout=30)

    def list(self, path: str, **filters: Any) -> list[Json]:
        return list(self._ask("GET", path, params={"limit": 0, **filters})["results"])

    def one(self, path: str, **filters: Any) -> Json:
        (found,) = self.list(path, **filters)
        return found

    def add(self, path: str, **fields: Any) -> int:
        return int(self._ask("POST", path, json=fields)["id"])

    def change(self, path: str, key: int, **fields: Any) -> None:
        self._ask("PATCH", f"{path}/{key}", json=fields)

    def delete(self, path: str, key: int) -> None:
        self._ask("DELETE", f"{path}/{key}")

    def ensure(self, path: str, slug: str, **fields: Any) -> int:
        """The id of the object of this slug, made when it is not there."""
        found = self.list(path, slug=slug)
        return int(found[0]["id"]) if found else self.add(path, slug=slug, **fields)

    def empty(self) -> None:
        """Delete all that tests make anew."""
        for path in CHANGING:
            if path == "dcim/mac-addresses" and not self.has_mac_objects:
                continue
            while found := self.list(path):
                parents = {one["parent"]["id"] for one in found if one.get("parent")}
                self._ask(
                    "DELETE", path, json=[{"id": one["id"]} for one in found if one["id"] not in parents]
                )

    @property
    def has_mac_objects(self) -> bool:
        major, minor = self._ask("GET", "status")["netbox-version"].split(".")[:2]
        return (int(major), int(minor)) >= (4, 2)

    def mac(self, address: str, interface: int | None = None, *, primary: bool = True) -> int:
        """Give an interface this MAC, or (without one) make an object that nobody has."""
        assigned = {"assigned_object_type": "dcim.interface", "assigned_object_id": interface}
        made = self.add("dcim/mac-addresses", mac_address=address, **(assigned if interface else {}))
        if interface and primary:
            self.change("dcim/interfaces", interface, primary_mac_address=made)
        return made

    def ip(self, address: str, interface: int | None = None, **fields: Any) -> int:
        assigned = {"assigned_object_type": "dcim.interface", "assigned_object_id": interface}
        return self.add("ipam/ip-addresses", address=address, **(assigned if interface else {}), **fields)

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self._http.request(method, f"{path.strip('/')}/", **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None
