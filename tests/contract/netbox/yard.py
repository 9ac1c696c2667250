"""A small machine room in NetBox, and scans of servers in it."""

from typing import Any
from uuid import UUID

from events.types import Host, Registration, ServerReady, ServerScanned, SkippedStep
from tests.contract.netbox.subject import Json, Subject

NAME = "dcoa-ra07u45"
MAC = "3c:ec:ef:a1:9c:e8"
OTHER_MAC = "3c:ec:ef:a1:9c:e9"
SCAN = {
    "bmc_mac": MAC, "bmc_ip": "10.16.28.78", "site": "dcoa", "location": "ra07", "rack": "RA07",
    "position": 45, "device_type": "supermicro-1u", "device_role": "k8s-worker",
    "bmc_prefix": "10.16.28.0/24",
}  # fmt: skip


class Yard:
    """Site dcoa with hall A > row ra07 > rack RA07 and row rb > rack RB06, and an empty site dcob."""

    def __init__(self, netbox: Subject) -> None:
        self.netbox = netbox
        ids = netbox.on_ground(self._lay)
        self.site, self.other_site = ids["site"], ids["other_site"]
        self.hall, self.row, self.row_b = ids["hall"], ids["row"], ids["row_b"]
        self.role, self.tenant, self.maker = ids["role"], ids["tenant"], ids["maker"]
        self.ra07, self.rb06 = ids["ra07"], ids["rb06"]
        self.one_u, self.prefix = ids["one_u"], ids["prefix"]

    def _lay(self) -> dict[str, int]:
        add, ensure = self.netbox.add, self.netbox.ensure
        site = ensure("dcim/sites", "dcoa", name="DC Oslo A")
        hall = add("dcim/locations", name="Hall A", slug="hall-a", site=site)
        row = add("dcim/locations", name="Row 7", slug="ra07", site=site, parent=hall)
        row_b = add("dcim/locations", name="Row B", slug="rb", site=site, parent=hall)
        maker = ensure("dcim/manufacturers", "supermicro", name="Supermicro")
        model: dict[str, Any] = {"model": "supermicro-1u", "slug": "supermicro-1u", "u_height": 1}
        return {
            "site": site, "hall": hall, "row": row, "row_b": row_b, "maker": maker,
            "other_site": ensure("dcim/sites", "dcob", name="DC Oslo B"),
            "role": ensure("dcim/device-roles", "k8s-worker", name="Kubernetes worker", color="00ff00"),
            "tenant": ensure("tenancy/tenants", "blue", name="Blue"),
            "ra07": add("dcim/racks", name="RA07", site=site, location=row, u_height=47),
            "rb06": add("dcim/racks", name="RB06", site=site, location=row_b, u_height=47),
            "one_u": add("dcim/device-types", manufacturer=maker, **model),
            "prefix": add("ipam/prefixes", prefix="10.16.28.0/24"),
        }  # fmt: skip

    def type(self, slug: str, **fields: Any) -> int:
        return self.netbox.add("dcim/device-types", manufacturer=self.maker, model=slug, slug=slug, **fields)

    def template(self, device_type: int, name: str, *, mgmt_only: bool = True) -> None:
        fields = {"device_type": device_type, "name": name, "type": "1000base-t", "mgmt_only": mgmt_only}
        self.netbox.add("dcim/interface-templates", **fields)

    def device(self, name: str, position: float | None = 31, **fields: Any) -> int:
        """A device that a person put in RB06."""
        place = {"rack": self.rb06, "location": self.row_b, "position": position, "face": "front"}
        basic = {"name": name, "site": self.site, "role": self.role, "device_type": self.one_u}
        return self.netbox.add("dcim/devices", **{**basic, **place, **fields})

    def interface(self, device: int, name: str = "BMC", *, mgmt_only: bool = True) -> int:
        fields = {"device": device, "name": name, "type": "1000base-t", "mgmt_only": mgmt_only}
        return self.netbox.add("dcim/interfaces", **fields)

    def known(self, name: str = NAME) -> Json:
        return self.netbox.one("dcim/devices", name=name)

    def bmc(self, name: str = NAME, interface: str = "BMC") -> Json:
        return self.netbox.one("dcim/interfaces", device_id=self.known(name)["id"], name=interface)

    def addresses(self, name: str = NAME) -> list[str]:
        return [
            ip["address"] for ip in self.netbox.list("ipam/ip-addresses", device_id=self.known(name)["id"])
        ]

    def state(self, name: str = NAME) -> dict[str, Any]:
        """All that an onboarding writes, without ids and times."""
        device, bmc = self.known(name), self.bmc(name)
        return {
            "rack": device["rack"]["name"], "position": device["position"], "face": device["face"]["value"],
            "location": device["location"]["slug"], "status": device["status"]["value"],
            "type": device["device_type"]["slug"], "oob_ip": (device["oob_ip"] or {}).get("address"),
            "mac": bmc["mac_address"], "macs": len(bmc.get("mac_addresses") or ()),
            "addresses": self.addresses(name), "all": len(self.netbox.list("ipam/ip-addresses")),
        }  # fmt: skip


def scan(server: str = NAME, **said: Any) -> ServerScanned:
    """The example's scan but for what is said here; `None` leaves a field out."""
    onboarding = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
    registration = Registration.model_validate({**SCAN, **said})
    return ServerScanned(
        onboarding_id=onboarding,
        server=server,
        site="dcoa",
        registration=registration,
        sealed_password="a.b.c.d.e",
    )


def ready(device_id: int | None, *skipped: str, server: str = NAME) -> ServerReady:
    scanned = scan(server)
    return ServerReady(
        onboarding_id=scanned.onboarding_id,
        server=scanned.server,
        site=scanned.site,
        registration=scanned.registration,
        device_id=device_id,
        host=Host(namespace="metal3", name=server),
        state="available",
        skipped=tuple(SkippedStep(step=step, reason="no rack") for step in skipped),
    )
