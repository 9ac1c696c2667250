"""vault_writer: opens a scan's sealed password and keeps the BMC credentials in OpenBao."""
