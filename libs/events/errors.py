"""The two failure words of a step, and what they mean for its message.

::

    StepError
    ├── Retry              transient: nak with backoff, for as long as it takes
    │   └── Unreachable    ... and the backend's breaker counts it
    └── Refuse             only a person can help: dead-lettered at once

Anything else that a handler raises is unknown: retried a few times, then dead-lettered.
"""


class StepError(Exception):
    """A step could not be completed; `reason` is what an operator reads."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Retry(StepError):
    """Time will help. `delay` (seconds) replaces the backoff where the backend or the rule names one."""

    def __init__(self, reason: str, *, delay: float | None = None, backend: str | None = None) -> None:
        super().__init__(reason)
        self.delay = delay
        self.backend = backend


class Unreachable(Retry):
    """The backend at address `backend` does not answer, or answers that it can't (5xx, sealed, time-out)."""

    def __init__(self, reason: str, *, backend: str, delay: float | None = None) -> None:
        super().__init__(reason, delay=delay, backend=backend)


class Refuse(StepError):
    """Repeating will not help. `culprit` names the object in the way, where there is one."""

    def __init__(self, reason: str, *, culprit: str | None = None) -> None:
        super().__init__(reason)
        self.culprit = culprit
