"""The service that records servers in NetBox: the steps `netbox_sync` and `netbox_status`."""
