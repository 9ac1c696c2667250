"""From an enrolled host to a server that is ready, or to the reason why it is not.

Reading order: `judge` (the verdict on one host, pure), `ports` (what the watch needs), `watch` (when it
looks).
"""

from metal3_sync.watch.judge import Rules
from metal3_sync.watch.ports import Hosts, Onboardings
from metal3_sync.watch.watch import Watch

__all__ = ["Hosts", "Onboardings", "Rules", "Watch"]
