"""OpenBao (or Vault) as the two services see it that may read BMC credentials: a session, and KV v2 mounts.

The one place that knows the client library; importing `events` alone never needs it.
"""

from events.openbao.mount import Mount, Secret
from events.openbao.session import OpenBao
from events.openbao.settings import OpenBaoSettings

__all__ = ["Mount", "OpenBao", "OpenBaoSettings", "Secret"]
