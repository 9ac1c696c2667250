"""The emulator's own paths: what goes wrong there, and how many requests it saw."""

from typing import Any

import httpx


class Control:
    """Of the emulator at `url`."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=f"{url}/_emulator/")

    def fault(self, action: str, **fields: Any) -> None:
        self._http.post("faults", json={"action": action, **fields}).raise_for_status()

    def mend(self) -> None:
        self._http.delete("faults").raise_for_status()

    def start_counting(self) -> None:
        self._http.post("reset-counts").raise_for_status()

    @property
    def counts(self) -> tuple[int, int]:
        counted = self._http.get("counts").json()
        return counted["reads"], counted["writes"]
