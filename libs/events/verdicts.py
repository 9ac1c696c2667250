"""What a step would do, asked without doing it: the verdict before a scan, the dry run, the drift report.

Asked by NATS request on `check.<step>`, which no stream holds; never with a password, sealed or not.
"""

from enum import StrEnum

from pydantic import Field

from events.placing import missing
from events.types import Frozen, Registration
from events.values import IpAddress, ServerName


class Question(Frozen):
    """What a step is asked: this server, this registration, and the address if it is decided already."""

    server: ServerName
    registration: Registration
    bmc_ip: IpAddress | None = Field(None, description="As recorded; else the registration's, if any.")
    patience: float = Field(10.0, gt=0, le=10, description="Seconds after which whoever asks has gone.")

    @property
    def address(self) -> IpAddress | None:
        """The BMC's address as far as anybody knows it yet."""
        return self.bmc_ip or self.registration.bmc_ip

    @property
    def address_may_come(self) -> bool:
        """Whether NetBox may still give the BMC one: not where it is skipped."""
        return not missing(self.registration)


class Would(StrEnum):
    """The kinds of verdict."""

    CREATE = "would-create"
    CHANGE = "would-change"
    NOTHING = "already-so"
    SKIP = "would-skip"
    DEPENDS = "depends"
    REFUSE = "refused"
    UNKNOWN = "unreachable"


class Verdict(Frozen):
    """One step's answer. `changes` names each difference; `replaces`/`moves` say which change it is."""

    step: str
    would: Would
    reason: str
    changes: tuple[str, ...] = ()
    culprit: str | None = None
