"""NetBox's reference data for whoever fills in a form: read whole now and then, kept in a bucket."""

from netbox_sync.reference.bucket import ReferenceBucket
from netbox_sync.reference.refresher import Refresher
from netbox_sync.reference.tables import NetBoxTables

__all__ = ["NetBoxTables", "ReferenceBucket", "Refresher"]
