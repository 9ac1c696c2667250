# One node of a production OpenBao. Where the node differs from the others it is told by the environment:
# BAO_RAFT_NODE_ID, BAO_API_ADDR (https://NAME:8200) and BAO_CLUSTER_ADDR (https://NAME:8201).
#
# Once, after `bao operator init` and `bao operator unseal`:
#
#   bao secrets enable -path=onramp -version=2 kv
#   bao secrets enable -path=onramp-keys -version=2 kv     # private sealing keys: back this mount up
#   bao auth enable approle
#   bao policy write vault-writer vault-writer.hcl
#   bao policy write metal3-sync metal3-sync.hcl
#   bao write auth/approle/role/vault-writer token_policies=vault-writer token_ttl=1h token_max_ttl=24h
#   bao write auth/approle/role/metal3-sync token_policies=metal3-sync token_ttl=1h token_max_ttl=24h
#
# and for each role, for ONRAMP_OPENBAO_ROLE_ID and ONRAMP_OPENBAO_SECRET_ID of its service:
#
#   bao read auth/approle/role/vault-writer/role-id
#   bao write -force auth/approle/role/vault-writer/secret-id

storage "raft" {
  path = "/openbao/data"
}

listener "tcp" {
  address         = "[::]:8200"
  cluster_address = "[::]:8201"
  tls_cert_file   = "/openbao/tls/tls.crt"
  tls_key_file    = "/openbao/tls/tls.key"
}

# Who read which secret and when; values are hashed in it.
audit "file" "stdout" {
  options = {
    file_path = "stdout"
  }
}
