"""Have Metal3 take a server: its BMC Secret and its BareMetalHost, and nothing of what others decide.

Reading order: `values` (what is found), `wanted` (what the scan asks for), `decide` (the rules, pure),
`enroll` (the two verbs).
"""

from metal3_sync.handler.enroll import Cluster, CredentialStore, check_host, enroll_host
from metal3_sync.handler.values import BmcCredentials, FieldConflict, FoundHost, FoundSecret
from metal3_sync.handler.wanted import Policy

__all__ = [
    "BmcCredentials",
    "Cluster",
    "CredentialStore",
    "FieldConflict",
    "FoundHost",
    "FoundSecret",
    "Policy",
    "check_host",
    "enroll_host",
]
