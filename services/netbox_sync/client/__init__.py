"""NetBox over its REST API, by pynetbox's requests, and a glance over GraphQL: the port of the handler.

Raw JSON is read, never pynetbox's records: those fetch what they lack in the background, and each
request is what a server costs.
"""

from netbox_sync.client.addresses import Addresses
from netbox_sync.client.connection import Connection
from netbox_sync.client.devices import Devices
from netbox_sync.client.graphql import GraphQL
from netbox_sync.client.interfaces import Interfaces
from netbox_sync.client.references import References
from netbox_sync.settings import Settings

__all__ = ["NetBoxClient"]


class NetBoxClient(References, Devices, Interfaces, Addresses, GraphQL):
    """One NetBox; nothing is sent before the first call."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(Connection(settings), settings.netbox_reference_ttl)
