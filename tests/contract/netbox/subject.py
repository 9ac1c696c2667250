"""A NetBox to test against, filled and looked at through its own API by a plain client."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import httpx

Json = dict[str, Any]

# In the order in which they can be deleted.
CHANGING = (
    "ipam/ip-addresses", "ipam/ip-ranges", "dcim/devices", "dcim/mac-addresses", "ipam/prefixes", "ipam/vrfs",
    "dcim/racks",
    "dcim/locations", "dcim/device-types", "extras/custom-fields", "extras/tags",
)  # fmt: skip

# What the service itself makes, whoever else makes some too. With a device go its interfaces.
WRITTEN = ("dcim/devices", "dcim/interfaces", "ipam/ip-addresses", "dcim/mac-addresses")


class Subject:
    """One NetBox and a token that may do everything."""

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        scheme = "Bearer" if token.startswith("nbt_") else "Token"
        headers = {"Authorization": f"{scheme} {token}"}
        # No connection is kept: gunicorn closes those that rest, at times just as the next request is sent.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=f"{url}/api/", headers=headers, timeout=60, limits=limits)
        self._made: list[tuple[str, int]] = []
        self._many: list[tuple[str, list[int]]] = []
        self._ground: dict[str, int] = {}

    def list(self, path: str, **filters: Any) -> list[Json]:
        return list(self._ask("GET", path, params={"limit": 0, **filters})["results"])

    def one(self, path: str, **filters: Any) -> Json:
        (found,) = self.list(path, **filters)
        return found

    def add(self, path: str, **fields: Any) -> int:
        made = int(self._ask("POST", path, json=fields)["id"])
        self._made.append((path, made))
        return made

    def add_all(self, path: str, objects: Sequence[Json]) -> None:
        """Make many at once."""
        self._many.append((path, [made["id"] for made in self._ask("POST", path, json=objects)]))

    def change(self, path: str, key: int, **fields: Any) -> None:
        self._ask("PATCH", f"{path}/{key}", json=fields)
        if key in self._ground.values():
            self._ground = {}

    def delete(self, path: str, key: int) -> None:
        self._ask("DELETE", f"{path}/{key}")

    def ensure(self, path: str, slug: str, **fields: Any) -> int:
        """The id of the object of this slug, with these fields, made when it is not there."""
        found = self.list(path, slug=slug)
        if not found:
            return self.add(path, slug=slug, **fields)
        if any(found[0][name] != value for name, value in fields.items()):
            self.change(path, found[0]["id"], **fields)
        return int(found[0]["id"])

    def on_ground(self, lay: Callable[[], dict[str, int]]) -> dict[str, int]:
        """What `lay` makes in an empty NetBox, by name. Laid once: afterwards only what came upon it goes."""
        if self._ground:
            self._clear()
        else:
            self._lay(lay)
        self._made.clear()
        return self._ground

    def _lay(self, lay: Callable[[], dict[str, int]]) -> None:
        self._empty()
        self._ground = lay()

    def _clear(self) -> None:
        for path in ("dcim/devices", "ipam/ip-addresses", "dcim/mac-addresses"):
            self._delete_all(path)
        for path, keys in self._many:
            self._ask("DELETE", path, json=[{"id": key} for key in keys])
        self._many.clear()
        for path, key in reversed(self._made):
            if path not in WRITTEN and self.list(path, id=key):
                self.delete(path, key)

    def _empty(self) -> None:
        for path in CHANGING:
            self._delete_all(path)

    def _delete_all(self, path: str) -> None:
        if path == "dcim/mac-addresses" and not self.has_mac_objects:
            return
        while found := self.list(path):
            parents = {one["parent"]["id"] for one in found if one.get("parent")}
            self._ask("DELETE", path, json=[{"id": one["id"]} for one in found if one["id"] not in parents])

    @cached_property
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

    def free_addresses(self, prefix: int) -> Sequence[str]:
        """As many of a prefix's free addresses as NetBox tells at once, without their mask."""
        listed = self._ask("GET", f"ipam/prefixes/{prefix}/available-ips", params={"limit": 0})
        return [one["address"].partition("/")[0] for one in listed]

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        answer = self._http.request(method, f"{path.strip('/')}/", **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None
