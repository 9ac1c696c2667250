# vault_writer keeps the BMC credentials: it writes them, never lists or deletes them.
path "onramp/data/bmc/*" {
  capabilities = ["create", "read", "update"]
}

path "onramp/metadata/bmc/*" {
  capabilities = ["create", "read", "update"]
}

# The private sealing keys. No update: a key that stands is never overwritten.
path "onramp-keys/data/sealing/*" {
  capabilities = ["create", "read"]
}

path "onramp-keys/metadata/sealing/*" {
  capabilities = ["delete"]
}
