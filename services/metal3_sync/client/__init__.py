"""The ports over the Kubernetes API and OpenBao; vendor errors become ours here."""

from metal3_sync.client.cluster import KubernetesCluster
from metal3_sync.client.credentials import OpenBaoCredentials

__all__ = ["KubernetesCluster", "OpenBaoCredentials"]
