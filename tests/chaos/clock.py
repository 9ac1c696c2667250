"""Another clock for one process: everything of ours that asks for the time is told a shifted one."""

import sys
import time
from datetime import datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

HOUR = 3600.0
OURS = ("events", "intake", "netbox_sync", "vault_writer", "kea_sync", "metal3_sync")


class _Kind(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


def shift(seconds: float) -> None:
    """Put the clock of this process ahead, after its modules are imported."""

    class Shifted(datetime, metaclass=_Kind):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=seconds)

    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in OURS and getattr(module, "datetime", None) is datetime:
            vars(module)["datetime"] = Shifted
    ids: Any = sys.modules["events.ids"]
    ids.time = SimpleNamespace(time_ns=lambda: time.time_ns() + int(seconds * 1e9))
