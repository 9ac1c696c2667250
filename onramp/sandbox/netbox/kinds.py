"""The table of all kinds, by the last part of their path."""

from dataclasses import replace

from onramp.sandbox.netbox.model import (
    ADDRESS,
    ADDRESS_ROLE,
    ASSIGNED,
    COMMON,
    DEVICE,
    INTERFACE_TYPE,
    IP_RANGE,
    JSON,
    NAME,
    NAMED,
    NO,
    PLACE,
    PREFIX,
    RACK,
    SHORT,
    TEXT,
    UNIQUE,
    YES,
    Field,
    Kind,
    choice,
    reference,
)

TREE = (*SHORT, "_depth")
ADDRESSED = ("id", "url", "display", "family")
CUSTOM_FIELD_TYPE = choice(
    "text", text="Text", integer="Integer", boolean="Boolean (true/false)", url="URL",
    json="JSON", date="Date",
)  # fmt: skip

SITES = Kind(
    "dcim/sites", "Site",
    {**NAMED, "status": PLACE, "tenant": reference("tenants"), "facility": TEXT},
    SHORT, always={"region": None, "group": None, "time_zone": None, "asns": []},
)  # fmt: skip
LOCATIONS = Kind(
    "dcim/locations", "Location",
    {**NAMED, "name": NAME, "slug": Field(required=True), "status": PLACE, "tenant": reference("tenants"),
     "site": reference("sites", required=True, on_delete="cascade"),
     "parent": reference("locations", on_delete="cascade"), "facility": TEXT},
    TREE,
)  # fmt: skip
RACKS = Kind(
    "dcim/racks", "Rack",
    {"name": NAME, "facility_id": Field("text", None, null=True), "site": reference("sites", required=True),
     "location": reference("locations"), "tenant": reference("tenants"), "status": RACK, "serial": TEXT,
     "asset_tag": Field("text", None, null=True, unique=True), "u_height": Field("integer", 42, minimum=1),
     "starting_unit": Field("integer", 1, minimum=1), "desc_units": NO, **COMMON},
    ("id", "url", "display", "name", "description"), natural="name", order=("site", "location", "name"),
    always={"role": None, "rack_type": None, "form_factor": None,
            "width": {"value": 19, "label": "19 inches"}, "airflow": None},
)  # fmt: skip
MANUFACTURERS = Kind("dcim/manufacturers", "Manufacturer", NAMED, SHORT)
DEVICE_ROLES = Kind(
    "dcim/device-roles", "Device Role",
    {**NAMED, "color": Field(default="9e9e9e"), "vm_role": YES, "parent": reference("device-roles")},
    TREE, always={"config_template": None},
)  # fmt: skip
DEVICE_TYPES = Kind(
    "dcim/device-types", "Device Type",
    {"manufacturer": reference("manufacturers", required=True), "model": NAME, "slug": Field(required=True),
     "part_number": TEXT, "u_height": Field("number", 1.0, minimum=0.0), "exclude_from_utilization": NO,
     "is_full_depth": YES, "subdevice_role": choice(None, parent="Parent", child="Child"), **COMMON},
    ("id", "url", "display", "manufacturer", "model", "slug", "description"), title="model",
    order=("manufacturer", "model"), always={"default_platform": None, "airflow": None, "weight": None},
)  # fmt: skip
INTERFACE_TEMPLATES = Kind(
    "dcim/interface-templates", "Interface Template",
    {"device_type": reference("device-types", required=True, on_delete="cascade"), "name": NAME,
     "label": TEXT, "type": INTERFACE_TYPE, "enabled": YES, "mgmt_only": NO, "description": TEXT},
    ("id", "url", "display", "name", "description"), natural="name",
)  # fmt: skip
DEVICES = Kind(
    "dcim/devices", "Device",
    {"name": Field("text", None, null=True), "device_type": reference("device-types", required=True),
     "role": reference("device-roles", required=True), "tenant": reference("tenants"), "serial": TEXT,
     "asset_tag": Field("text", None, null=True, unique=True), "site": reference("sites", required=True),
     "location": reference("locations"), "rack": reference("racks"),
     "position": Field("number", None, null=True, minimum=0.5),
     "face": choice(None, front="Front", rear="Rear"),
     "status": DEVICE, "primary_ip4": reference("ip-addresses", on_delete="set null"),
     "primary_ip6": reference("ip-addresses", on_delete="set null"),
     "oob_ip": reference("ip-addresses", on_delete="set null"), "local_context_data": JSON, **COMMON},
    ("id", "url", "display", "name", "description"), natural="name",
    always={"platform": None, "parent_device": None, "airflow": None, "cluster": None,
            "virtual_chassis": None, "vc_position": None, "vc_priority": None, "config_template": None,
            "config_context": {}},
)  # fmt: skip
INTERFACES = Kind(
    "dcim/interfaces", "Interface",
    {"device": reference("devices", required=True, on_delete="cascade"), "name": NAME, "label": TEXT,
     "type": INTERFACE_TYPE, "enabled": YES, "mtu": Field("integer", None, null=True, minimum=1),
     "primary_mac_address": reference("mac-addresses", on_delete="set null"), "mgmt_only": NO,
     "vrf": reference("vrfs"), "mark_connected": NO, **COMMON},
    ("id", "url", "display", "device", "name", "description", "cable", "_occupied"), natural="name",
    order=("device", "name"),
    always={"module": None, "parent": None, "bridge": None, "lag": None, "mode": None, "untagged_vlan": None,
            "tagged_vlans": [], "cable": None, "link_peers": [], "connected_endpoints": None,
            "count_fhrp_groups": 0, "_occupied": False},
)  # fmt: skip
MAC_ADDRESSES = Kind(
    "dcim/mac-addresses", "MAC Address",
    {"mac_address": Field("mac", None, required=True), **ASSIGNED, **COMMON},
    ("id", "url", "display", "mac_address", "description"), title="mac_address", natural="mac_address",
    order=("mac_address",),
)  # fmt: skip
TENANTS = Kind("tenancy/tenants", "Tenant", NAMED, SHORT, always={"group": None})
VRFS = Kind(
    "ipam/vrfs", "VRF",
    {"name": NAME, "rd": Field("text", None, null=True, unique=True), "tenant": reference("tenants"),
     "enforce_unique": YES, **COMMON},
    ("id", "url", "display", "name", "rd", "description"), natural="rd",
)  # fmt: skip
ROLES = Kind("ipam/roles", "Role", {**NAMED, "weight": Field("integer", 1000)}, SHORT)
PREFIXES = Kind(
    "ipam/prefixes", "Prefix",
    {"prefix": Field("prefix", None, required=True), "vrf": reference("vrfs"),
     "scope_type": Field("text", None, null=True), "scope_id": Field("integer", None, null=True),
     "tenant": reference("tenants"), "role": reference("roles", on_delete="set null"), "status": PREFIX,
     "is_pool": NO, "mark_utilized": NO, **COMMON},
    (*ADDRESSED, "prefix", "description", "_depth"), title="prefix", natural="prefix", order=("prefix",),
    always={"vlan": None},
)  # fmt: skip
IP_RANGES = Kind(
    "ipam/ip-ranges", "IP Range",
    {"start_address": Field("address", None, required=True),
     "end_address": Field("address", None, required=True), "vrf": reference("vrfs"),
     "tenant": reference("tenants"), "role": reference("roles", on_delete="set null"),
     "status": IP_RANGE, "mark_populated": NO, "mark_utilized": NO, **COMMON},
    (*ADDRESSED, "start_address", "end_address", "description"), title="start_address",
    natural="start_address", order=("start_address",),
)  # fmt: skip
IP_ADDRESSES = Kind(
    "ipam/ip-addresses", "IP Address",
    {"address": Field("address", None, required=True), "vrf": reference("vrfs"),
     "tenant": reference("tenants"), "status": ADDRESS, "role": ADDRESS_ROLE, **ASSIGNED, "dns_name": TEXT,
     "nat_inside": reference("ip-addresses", on_delete="set null"), **COMMON},
    (*ADDRESSED, "address", "description"), title="address", natural="address", order=("address",),
)  # fmt: skip
TAGS = Kind(
    "extras/tags", "Tag",
    {"name": UNIQUE, "slug": UNIQUE, "color": Field(default="9e9e9e"), "description": TEXT,
     "object_types": Field("json", ())},
    ("id", "url", "display_url", "display", "name", "slug", "color"),
)  # fmt: skip
CUSTOM_FIELDS = Kind(
    "extras/custom-fields", "Custom Field",
    {"object_types": Field("json", None, required=True), "name": UNIQUE, "label": TEXT, "description": TEXT,
     "type": CUSTOM_FIELD_TYPE,
     "required": NO, "unique": NO, "default": JSON},
    ("id", "url", "display", "name", "description"), natural="name",
)  # fmt: skip

KINDS = {
    kind.path.split("/")[1]: kind
    for kind in (
        SITES,
        LOCATIONS,
        RACKS,
        MANUFACTURERS,
        DEVICE_ROLES,
        DEVICE_TYPES,
        INTERFACE_TEMPLATES,
        DEVICES,
        INTERFACES,
        MAC_ADDRESSES,
        TENANTS,
        VRFS,
        ROLES,
        PREFIXES,
        IP_RANGES,
        IP_ADDRESSES,
        TAGS,
        CUSTOM_FIELDS,
    )
}


def kinds_of(version: tuple[int, int]) -> dict[str, Kind]:
    """The kinds that this release has: below 4.2 a MAC is a field of its interface, not an object."""
    if version >= (4, 2):
        return KINDS
    fields = {**INTERFACES.fields, "mac_address": Field("mac", None, null=True)}
    del fields["primary_mac_address"]
    older = {**KINDS, "interfaces": replace(INTERFACES, fields=fields)}
    del older["mac-addresses"]
    return older
