"""Who somebody is, and what that lets them do."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from intake.signin.settings import SignInSettings
from intake.signin.stays import Stay


class Role(StrEnum):
    """What a path asks for. Each may do what those before it may."""

    VIEWER = "viewer"
    TECHNICIAN = "technician"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Identity:
    """Somebody, as the provider tells it."""

    subject: str
    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Person:
    """Whoever sent a request. `subject` is empty while sign-in is off: it may be anybody."""

    name: str
    subject: str
    roles: frozenset[Role]
    stay: Stay = field(default_factory=Stay, compare=False)
    """As long as the session or the token that speaks for them."""

    @property
    def known_as(self) -> str | None:
        """How to tell later who it was; `None` for anybody. The name alone may not be unique."""
        if not self.subject or self.name == self.subject:
            return self.subject or None
        return f"{self.name} ({self.subject})"


ANYBODY = Person("anybody", "", frozenset(Role))
"""Everybody, while sign-in is off."""


def roles_of(groups: Iterable[str], settings: SignInSettings) -> frozenset[Role]:
    """The roles of a member of these groups."""
    of_group = {
        settings.viewer_group: Role.VIEWER,
        settings.technician_group: Role.TECHNICIAN,
        settings.operator_group: Role.OPERATOR,
    }
    ladder = list(Role)
    highest = max((ladder.index(of_group[group]) for group in groups if group in of_group), default=-1)
    return frozenset(ladder[: highest + 1])
