"""The wiring: which step waits for which event, and on which private subject it is replayed.

A handler knows the events that it takes and returns, never where they come from. A later step is put
in by a service of its own and by the setting `ONRAMP_WIRING`, which says what the next one waits for:
`{"metal3_sync": "bmc-proved"}`. The event that takes another's place is a subclass of it.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

WAITS_FOR: Mapping[str, str] = {
    "netbox_sync": "server-scanned",
    "vault_writer": "device-recorded",
    "kea_sync": "credentials-stored",
    "metal3_sync": "address-reserved",
    "netbox_status": "server-ready",
}


@dataclass(frozen=True)
class Step:
    """One handler's place in the chain. Its name is that of its durable consumer too."""

    name: str
    waits_for: str

    @property
    def filter_subjects(self) -> list[str]:
        """The public subject that it follows, and its private one."""
        return [f"onboarding.{self.waits_for}.*.*", f"onboarding.replay.{self.name}.*.*"]


def steps() -> dict[str, Step]:
    """Every step by name, as wired here and in `ONRAMP_WIRING`."""
    return {step.name: step for step in _wired(os.environ.get("ONRAMP_WIRING") or "{}")}


@cache
def _wired(changes: str) -> tuple[Step, ...]:
    return tuple(Step(name, event) for name, event in {**WAITS_FOR, **json.loads(changes)}.items())
