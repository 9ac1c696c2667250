"""Whether nats-server syncs each write to the disk: with its default, a power cut loses what it acknowledged.

It tells that on its monitoring address alone (`/varz`), so a service knows it where that is set.
"""

import json
from urllib.request import urlopen

from events.readiness import Readiness
from events.threads import in_thread

CHECK = "sync_interval: always"


class SyncWatch:
    """A warning beside the checks: the service works without, but its promise then has a hole."""

    def __init__(self, monitor_url: str, readiness: Readiness) -> None:
        self._url = monitor_url.rstrip("/") + "/varz"
        self._readiness = readiness

    async def look(self) -> None:
        """See how the server is set."""
        self._readiness.warn(CHECK, await in_thread(self._trouble))

    def _trouble(self) -> str:
        try:
            with urlopen(self._url, timeout=5) as answer:  # noqa: S310 - the operator's own setting
                synced = json.load(answer).get("jetstream", {}).get("config", {}).get("sync_always")
        except Exception as error:  # Whatever it answers, a warning must not end the service.
            return f"{self._url} does not tell: {type(error).__name__}"
        return "" if synced else "off: a power cut loses what NATS acknowledged in the last minutes"
