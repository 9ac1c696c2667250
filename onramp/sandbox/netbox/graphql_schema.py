"""Of NetBox's GraphQL types those, with the fields and the filters, that an onboarding reads by."""

from graphql import build_schema

SCHEMA = build_schema("""
type Query {
  device_list(filters: DeviceFilter, pagination: OffsetPaginationInput): [DeviceType!]!
  interface_list(filters: InterfaceFilter, pagination: OffsetPaginationInput): [InterfaceType!]!
  ip_address_list(filters: IPAddressFilter, pagination: OffsetPaginationInput): [IPAddressType!]!
  mac_address_list(filters: MACAddressFilter, pagination: OffsetPaginationInput): [MACAddressType!]!
}
scalar Decimal
scalar JSON
input OffsetPaginationInput { limit: Int }
input StrFilterLookup { exact: String, i_exact: String }
input DeviceFilter { name: StrFilterLookup }
input InterfaceFilter { device_id: ID }
input IPAddressFilter { parent: [String!] }
input MACAddressFilter { mac_address: StrFilterLookup }
type SiteType { id: ID!, slug: String! }
type DeviceTypeType { id: ID! }
type DeviceRoleType { id: ID! }
type TenantType { id: ID! }
type RackType { id: ID!, name: String! }
type TagType { slug: String! }
type VRFType { id: ID! }
type DeviceType {
  id: ID!, display: String!, name: String, status: String!, position: Decimal, face: String, serial: String!
  asset_tag: String, custom_fields: JSON!, site: SiteType!, device_type: DeviceTypeType!
  role: DeviceRoleType!, tenant: TenantType, rack: RackType, oob_ip: IPAddressType
  tags: [TagType!]!, interfaces: [InterfaceType!]!
}
type InterfaceType {
  id: ID!, display: String!, name: String!, mgmt_only: Boolean!, device: DeviceType!
  primary_mac_address: MACAddressType, mac_addresses: [MACAddressType!]!, ip_addresses: [IPAddressType!]!
}
type VMInterfaceType { id: ID!, display: String!, virtual_machine: VirtualMachineType! }
type VirtualMachineType { id: ID!, display: String! }
type FHRPGroupType { id: ID!, display: String! }
union IPAddressAssignmentType = FHRPGroupType | InterfaceType | VMInterfaceType
union MACAddressAssignmentType = InterfaceType | VMInterfaceType
type IPAddressType {
  id: ID!, address: String!, role: String, vrf: VRFType, assigned_object: IPAddressAssignmentType
}
type MACAddressType { id: ID!, mac_address: String!, assigned_object: MACAddressAssignmentType }
""")
