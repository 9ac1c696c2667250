"""The story that a demo tells: scans in order, what each waits for, and how each must come out."""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from events.status import ServerStatus, State
from events.types import Outcome


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class After(_Told):
    """How another server must stand before this one is scanned."""

    server: str
    state: State


class Expected(_Told):
    """How an onboarding must have come out."""

    state: State
    reason: str = ""
    """A text that the server's reason contains."""
    delayed: str = ""
    """A text that the reason of one of its delays contains."""
    outcomes: dict[str, Outcome] = {}
    """By step."""

    def differences(self, status: ServerStatus, delays: list[str]) -> list[str]:
        """In what it came out otherwise."""
        outcomes = {step.step: step.outcome for step in status.steps}
        wrong = [
            f"{step} was {outcomes.get(step)}, not {wanted}"
            for step, wanted in self.outcomes.items()
            if outcomes.get(step) is not wanted
        ]
        if status.state is not self.state:
            wrong.append(f"is {status.state}, not {self.state}: {status.reason}")
        if self.reason not in status.reason:
            wrong.append(f"says {status.reason!r}, nothing of {self.reason!r}")
        if self.delayed and not any(self.delayed in reason for reason in delays):
            wrong.append(f"never waited for {self.delayed}")
        return wrong


class Chapter(_Told):
    """One scan."""

    story: str
    server: str
    after: After | None = None
    down: str | None = None
    """An emulator that is down until this server has been seen waiting for it."""
    scan: dict[str, Any]
    expect: Expected


def read(file: Path) -> list[Chapter]:
    """The chapters of a file. Raises `ValueError` that says what is wrong with it."""
    chapters = [
        {"server": chapter["scan"].get("device_name"), **chapter} for chapter in json.loads(file.read_text())
    ]
    return TypeAdapter(list[Chapter]).validate_python(chapters)
