"""What the harness and its launched services agree on: which fault strikes where, and how often it has.

The harness writes the orders into a file of the folder; each launched service reads them at every fault
point. A fault that has struck leaves a mark, so that a process that was started again is not struck twice.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

FOLDER = "CHAOS_FOLDER"
"""The environment variable that names the folder of the orders."""
CLOCK = "CHAOS_CLOCK"
"""The environment variable that says how many seconds a service's clock is ahead."""
REPLICA = "CHAOS_REPLICA"
"""The environment variable that tells a service's replicas apart."""


@dataclass(frozen=True)
class Order:
    """At this point of this service, for this server: kill the process, stop it, or hold it up."""

    id: str
    service: str
    point: str
    server: str
    do: Literal["kill", "stop", "hold"] = "kill"
    times: int = 1
    seconds: float = 0.0
    replica: str = ""
    """Only in this replica; empty for whichever comes first."""


class Orders:
    """The orders of one folder."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "orders.json"
        self._marks = folder / "struck"
        self._read_at = 0
        self._orders: list[Order] = []

    def give(self, orders: Iterable[Order]) -> None:
        """These hold from now on, and no others."""
        self._marks.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps([asdict(order) for order in orders]))
        new.rename(self._file)

    def struck(self, order: Order) -> int:
        """How often it has."""
        return sum(1 for _ in self._marks.glob(f"{order.id}.*"))

    def due(self, service: str, replica: str, point: str, server: str) -> Order | None:
        """The order that holds here and has not struck often enough."""
        for order in self._known():
            if (order.service, order.point, order.server) != (service, point, server):
                continue
            if order.replica in ("", replica) and self.struck(order) < order.times:
                return order
        return None

    def strike(self, order: Order) -> bool:
        """Leave its mark; False where another process was faster."""
        try:
            (self._marks / f"{order.id}.{self.struck(order)}").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True

    def _known(self) -> list[Order]:
        try:
            written_at = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        if written_at != self._read_at:
            self._orders = [Order(**order) for order in json.loads(self._file.read_text())]
            self._read_at = written_at
        return self._orders
