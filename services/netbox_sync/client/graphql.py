"""All of one server in one GraphQL request, for a quarter of what NetBox takes for the same reads over REST.

GraphQL says nothing of what the token may not view. It answers an empty list where REST answers 403, and
leaves out a device's rack, tenant and tags and an address's VRF where REST shows them. So beside the wanted
objects it is asked for any of their kind; where it has none, or answers with errors, REST tells why.
"""

from collections.abc import Sequence
from typing import Protocol

from events.values import IpAddress, MacAddress, ServerName
from netbox_sync.client.connection import Connection, Json
from netbox_sync.client.errors import translated
from netbox_sync.client.glance import Glance, interface_of
from netbox_sync.handler.values import Interface

_INTERFACE = "id name mgmt_only primary_mac_address { id mac_address } mac_addresses { id mac_address }"
_ADDRESS = "id address role vrf { id }"

SERVER = f"""
query ($name: String!, $mac: String!, $ip: [String!]!, $with_ip: Boolean!) {{
  any_device: device_list(pagination: {{limit: 1}}) {{ id }}
  any_mac: mac_address_list(pagination: {{limit: 1}}) {{ id }}
  any_address: ip_address_list(pagination: {{limit: 1}}) {{ id }}
  device_list(filters: {{name: {{i_exact: $name}}}}) {{
    id name status position face serial asset_tag custom_fields site {{ id slug }}
    device_type {{ id }} role {{ id }} tenant {{ id }} rack {{ id name }} oob_ip {{ id }} tags {{ slug }}
    interfaces {{ {_INTERFACE} ip_addresses {{ {_ADDRESS} assigned_object {{ ...interface }} }} }}
  }}
  mac_address_list(filters: {{mac_address: {{exact: $mac}}}}) {{
    id mac_address assigned_object {{ ...interface ...vm_interface }}
  }}
  ip_address_list(filters: {{parent: $ip}}) @include(if: $with_ip) {{
    {_ADDRESS} assigned_object {{ ...interface ...vm_interface ...fhrp_group }}
  }}
}}
fragment interface on InterfaceType {{ __typename id display device {{ id display }} }}
fragment vm_interface on VMInterfaceType {{ __typename id display virtual_machine {{ display }} }}
fragment fhrp_group on FHRPGroupType {{ __typename id display }}
"""

INTERFACES = f"""
query ($device: ID!) {{
  any_interface: interface_list(pagination: {{limit: 1}}) {{ id }}
  interface_list(filters: {{device_id: $device}}) {{ {_INTERFACE} }}
}}
"""


class _Reads(Protocol):
    connection: Connection

    async def has_graphql(self) -> bool: ...

    async def interfaces(self, device_id: int) -> Sequence[Interface]: ...


class GraphQL:
    """`/graphql/`, on a NetBox that has it."""

    connection: Connection

    async def glance(self: _Reads, name: ServerName, mac: MacAddress, ip: IpAddress | None) -> Glance | None:
        """The reads of one server in one request; `None` where NetBox has none to give."""
        at = [f"{ip}/{ip.max_prefixlen}"] if ip else []
        shown = await _ask(self, SERVER, name=name, mac=mac, ip=at, with_ip=bool(ip))
        with translated(self.connection.address):
            return Glance.of(shown) if shown else None

    async def new_interfaces(self: _Reads, device_id: int) -> Sequence[Interface]:
        """The interfaces that its type's template made of a device that is just created."""
        shown = await _ask(self, INTERFACES, device=device_id)
        if shown is None:
            return await self.interfaces(device_id)
        with translated(self.connection.address):
            return [interface_of(row) for row in shown["interface_list"]]


async def _ask(netbox: _Reads, query: str, **variables: object) -> Json | None:
    shown = await netbox.connection.graphql(query, **variables) if await netbox.has_graphql() else None
    is_whole = shown and all(rows for name, rows in shown.items() if name.startswith("any_"))
    return shown if is_whole else None
