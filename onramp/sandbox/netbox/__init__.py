"""A NetBox in memory: the objects that onboarding reads and writes, with NetBox's own refusals.

The rules, messages and status codes are those of NetBox 4.7.3 (`Device.clean`, `Rack.get_available_units`,
`AvailableIPAddressesView`, …); what NetBox has and no part of an onboarding touches is not here.

==================  =========================================================================
`model`             which kinds of object there are, and the fields of each
`store`             the objects themselves, found by id and by indexed field
`values`            what a client sent, read as field values
`rules`             what NetBox refuses and does by itself when an object is saved
`deletion`          what goes with an object that is deleted, and what keeps it
`racks` `prefixes`  which units and which addresses are free
`render` `computed` an object as JSON, whole or brief, with the fields that nobody writes
`filters`           the query parameters of a list, with `reference_filters` and `special_filters`
`graphql`           the GraphQL API, for reading alone
`state`             `NetBox`: create, change and delete, one at a time or all or nothing
`app`               the REST API and the HTTP server; `python -m onramp.sandbox.netbox` runs it
==================  =========================================================================
"""

from onramp.sandbox.netbox.app import create_app
from onramp.sandbox.netbox.errors import Refused
from onramp.sandbox.netbox.state import NetBox

__all__ = ["NetBox", "Refused", "create_app"]
