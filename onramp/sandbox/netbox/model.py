"""Which kinds of object there are, and the fields of each, in the order in which NetBox shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Type = Literal[
    "text", "integer", "number", "boolean", "json", "choice", "related", "many", "mac", "address", "prefix"
]
OnDelete = Literal["protect", "cascade", "set null"]


@dataclass(frozen=True)
class Field:
    """One writable field: how its value is read, and what stands there when none was sent."""

    type: Type = "text"
    default: Any = ""
    required: bool = False
    unique: bool = False
    null: bool = False
    to: str = ""
    on_delete: OnDelete = "protect"
    choices: Mapping[str, str] = field(default_factory=dict)
    minimum: float | None = None


@dataclass(frozen=True)
class Kind:
    """One endpoint: `path` below /api/, the model's names, the fields, and those of its brief form.

    `title` is the field that an object is displayed by, `natural` the one that filters name it by,
    `always` holds what the model has and the emulator never changes.
    """

    path: str
    model: str
    fields: Mapping[str, Field]
    brief: tuple[str, ...]
    title: str = "name"
    natural: str = "slug"
    order: tuple[str, ...] = ("name",)
    always: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        """The name by which other objects point at this model: `dcim.interface`."""
        return f"{self.path.split('/')[0]}.{self.model.replace(' ', '').lower()}"

    @property
    def indexed(self) -> tuple[str, ...]:
        """The fields by which objects are looked up so often that a scan would be slow."""
        wanted = {"name", "slug", "mac_address", "address", "assigned_object_id"}
        return tuple(name for name, f in self.fields.items() if name in wanted or f.type == "related")


NAME = Field(required=True)
UNIQUE = Field(required=True, unique=True)
TEXT = Field()
NO = Field("boolean", False)
YES = Field("boolean", True)
JSON = Field("json", None, null=True)
COMMON = {"description": TEXT, "comments": TEXT, "tags": Field("many", (), to="tags"), "custom_fields": JSON}
NAMED = {"name": UNIQUE, "slug": UNIQUE, **COMMON}
SHORT = ("id", "url", "display", "name", "slug", "description")


def choice(default: str | None, **labels: str) -> Field:
    """A field that takes one of these values (`_` stands for `-`); None: empty unless one is sent."""
    choices = {value.replace("_", "-"): label for value, label in labels.items()}
    return Field("choice", default, null=default is None, choices=choices)


def reference(to: str, *, required: bool = False, on_delete: OnDelete = "protect") -> Field:
    """A field that points at an object of the kind `to`, and what its deletion means for this one."""
    return Field("related", None, required=required, null=not required, to=to, on_delete=on_delete)


PLACE = choice(
    "active", planned="Planned", staging="Staging", active="Active", decommissioning="Decommissioning",
    retired="Retired",
)  # fmt: skip
RACK = choice(
    "active", reserved="Reserved", available="Available", planned="Planned", active="Active",
    deprecated="Deprecated",
)  # fmt: skip
DEVICE = choice(
    "active", offline="Offline", active="Active", planned="Planned", staged="Staged", failed="Failed",
    inventory="Inventory", decommissioning="Decommissioning",
)  # fmt: skip
ADDRESS = choice(
    "active", active="Active", reserved="Reserved", deprecated="Deprecated", dhcp="DHCP", slaac="SLAAC"
)
ADDRESS_ROLE = choice(
    None, loopback="Loopback", secondary="Secondary", anycast="Anycast", vip="VIP", vrrp="VRRP", hsrp="HSRP",
    glbp="GLBP", carp="CARP",
)  # fmt: skip
PREFIX = choice(
    "active", container="Container", active="Active", reserved="Reserved", deprecated="Deprecated"
)
IP_RANGE = choice("active", active="Active", reserved="Reserved", deprecated="Deprecated")
INTERFACE_TYPES = {
    "virtual": "Virtual", "bridge": "Bridge", "lag": "Link Aggregation Group (LAG)",
    "100base-tx": "100BASE-TX (10/100ME)", "1000base-t": "1000BASE-T (1GE)",
    "2.5gbase-t": "2.5GBASE-T (2.5GE)", "10gbase-t": "10GBASE-T (10GE)",
    "1000base-x-sfp": "SFP (1GE)", "10gbase-x-sfpp": "SFP+ (10GE)",
    "25gbase-x-sfp28": "SFP28 (25GE)", "100gbase-x-qsfp28": "QSFP28 (100GE)", "other": "Other",
}  # fmt: skip
INTERFACE_TYPE = Field("choice", None, required=True, choices=INTERFACE_TYPES)
ASSIGNED = {
    "assigned_object_type": Field("text", None, null=True),
    "assigned_object_id": Field("integer", None, null=True),
}
