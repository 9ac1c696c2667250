# metal3_sync reads the BMC credentials, for the Secrets that Metal3 needs.
path "onramp/data/bmc/*" {
  capabilities = ["read"]
}
