"""kea_sync: the BMC's address, reserved on every Kea DHCP server that serves it."""
