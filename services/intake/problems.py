"""What can go wrong with a request, in RFC 9457's terms; `api` turns each into its answer.

::

    Problem
    ├── Unreadable          400  no JSON object
    ├── UnknownServer       404
    ├── IdTaken             409  the onboarding_id stands for another registration
    ├── OlderScan           409  a newer scan of the server is stored
    ├── TooLarge            413
    ├── UnsupportedBody     415
    ├── BadRegistration     422  fields that won't do, each named
    ├── BadParameter        422  a part of the path or the query
    └── Unavailable         503  may do later
        ├── NoSealingKey
        └── NotCaughtUp     the stream is still being read
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

MOST_TOLD = 30
"""Errors of one registration: more than it has fields."""


@dataclass(frozen=True)
class FieldError:
    """A field that won't do: what came (`None` for what must not be shown), and what would do."""

    field: str
    came: str | None
    expected: str


class Problem(Exception):
    """A request can't be done as it stands. No text of it ever holds a password."""

    status: ClassVar[int]
    kind: ClassVar[str]
    title: ClassVar[str]
    retry_after: int | None = None
    """Seconds."""

    def __init__(self, detail: str, errors: Sequence[FieldError] = (), **more: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.more = more
        """Extension members (RFC 9457, section 3.2)."""

    def body(self) -> dict[str, Any]:
        """The problem details object."""
        errors = {"errors": [asdict(error) for error in self.errors]} if self.errors else {}
        return {
            "type": f"urn:onramp:problem:{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            **errors,
            **self.more,
        }


class Unreadable(Problem):
    """The body is no JSON object."""

    status, kind, title = 400, "unreadable", "The body can't be read"


class UnknownServer(Problem):
    """Nothing of that name was ever scanned."""

    status, kind, title = 404, "unknown-server", "No scan of this server is stored"


class IdTaken(Problem):
    """The client's onboarding_id stands for something else."""

    status, kind, title = 409, "id-taken", "The onboarding_id stands for another registration"


class OlderScan(Problem):
    """The scan may carry an old password."""

    status, kind, title = 409, "older-scan", "A newer scan of this server is stored"


class TooLarge(Problem):
    """The body is over the limit."""

    status, kind, title = 413, "too-large", "The body is too large"


class UnsupportedBody(Problem):
    """The body is of another type, or not in UTF-8."""

    status, kind, title = 415, "unsupported-body", "The body is of a type that is not taken"


class BadRegistration(Problem):
    """Some fields won't do."""

    status, kind, title = 422, "bad-registration", "The registration can't be taken as it is"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        told = errors[:MOST_TOLD]
        super().__init__("; ".join(f"{error.field}: {error.expected}" for error in told), told)


class BadParameter(Problem):
    """A part of the path or the query won't do."""

    status, kind, title = 422, "bad-parameter", "The address can't be taken as it is"


class Unavailable(Problem):
    """NATS or its stream does not take it now; nothing is known to be stored."""

    status, kind, title = 503, "unavailable", "Nothing was accepted: try again"
    retry_after = 5


class NoSealingKey(Unavailable):
    """There is nothing to seal a password with."""

    kind, title = "no-sealing-key", "No password can be sealed"
    retry_after = 60

    def __init__(self) -> None:
        super().__init__("no sealing key: run onramp keys new")


class NotCaughtUp(Unavailable):
    """The replica has just started, or the stream is a new one."""

    kind, title = "not-caught-up", "Not all servers are known here yet"
    retry_after = 2
