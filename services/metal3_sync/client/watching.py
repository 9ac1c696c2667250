"""The watch of BareMetalHosts: a stream in a thread, which tells the event loop whose host changed."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from kubernetes import watch
from kubernetes.client import CustomObjectsApi
from urllib3.exceptions import HTTPError, ReadTimeoutError

from events.threads import in_thread
from metal3_sync.client.errors import Asked, translated


class HostWatch:
    """Watches for `seconds`; a stream without a word for `silence` seconds is taken for dead."""

    def __init__(
        self, api: CustomObjectsApi, hosts: Mapping[str, str], address: str, seconds: int, silence: float
    ) -> None:
        self._api = api
        self._hosts = hosts
        self._asked = Asked(address, "watch", f"BareMetalHosts in {hosts['namespace']}")
        self._seconds = seconds
        self._silence = silence

    async def follow(self, version: str, changed: Callable[[str], None]) -> None:
        """Call `changed` with the name of each host that changes after `version`.

        Returns when the time is up or nothing was heard. Raises `Retry`, where the server no longer knows
        that version (410) too, and `Unreachable`.
        """
        loop = asyncio.get_running_loop()
        watcher: Any = watch.Watch()  # type: ignore[no-untyped-call]
        over = False

        def pump() -> None:
            try:
                for event in watcher.stream(
                    self._api.list_namespaced_custom_object,
                    **self._hosts,
                    resource_version=version,
                    timeout_seconds=self._seconds,
                    allow_watch_bookmarks=True,
                    _request_timeout=self._silence,
                ):
                    if event["type"] != "BOOKMARK":
                        loop.call_soon_threadsafe(changed, event["object"]["metadata"]["name"])
            except ReadTimeoutError:
                return
            except HTTPError:
                if not over:  # Else the connection was broken from this side.
                    raise

        try:
            with translated(self._asked):
                await in_thread(pump)
        finally:
            over = True
            watcher.stop()
