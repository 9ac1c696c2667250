"""What a list may be asked for, and what it answers: a page, and where the next one begins."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from events.status import ServerStatus, State

Key = Any
"""What a sort goes by: a name, or the sequence of the last event, which is the order of the changes."""

NAME = attrgetter("server")
CHANGE = attrgetter("sequence")


class Sort(StrEnum):
    """The order of a list; with `-` the other way round."""

    SERVER = "server"
    SERVER_DOWN = "-server"
    CHANGED = "changed_at"
    CHANGED_DOWN = "-changed_at"

    @property
    def down(self) -> bool:
        """The greatest first."""
        return self.startswith("-")

    @property
    def by_name(self) -> bool:
        """Names and not changes."""
        return self in {Sort.SERVER, Sort.SERVER_DOWN}

    @property
    def key(self) -> "attrgetter[Key]":
        """What it goes by."""
        return NAME if self.by_name else CHANGE


@dataclass(frozen=True)
class Wanted:
    """What a list shall hold. `None` is any; `after` is the key of the last server of the page before."""

    site: str | None = None
    state: State | None = None
    step: str | None = None
    text: str = ""
    sort: Sort = Sort.SERVER
    limit: int = 50
    after: Key | None = None

    @property
    def any(self) -> bool:
        """Whether it is no matter how a server stands."""
        return self.site is None and self.state is None and self.step is None

    def fits(self, site: str, state: State, step: str | None) -> bool:
        """Whether servers that stand like this are wanted."""
        return self.site in (None, site) and self.state in (None, state) and self.step in (None, step)

    def takes(self, status: ServerStatus) -> bool:
        """The same of one server: the step that it is at is looked up only where it matters."""
        return (
            self.site in (None, status.site)
            and self.state in (None, status.state)
            and (self.step is None or self.step == status.at)
        )


@dataclass(frozen=True)
class Page:
    """A part of a list; `next` is a cursor, there when more follows."""

    servers: Sequence[ServerStatus]
    next: str | None

    @classmethod
    def of(cls, found: Sequence[ServerStatus], wanted: Wanted) -> "Page":
        """What was found, which is one more than the page holds where there is more."""
        servers = found[: wanted.limit]
        return cls(servers, _cursor(wanted.sort, servers[-1]) if len(found) > wanted.limit else None)


def after(sort: Sort, cursor: str) -> Key:
    """The key in a cursor. Raises `ValueError` for one that no list of this sort gave."""
    match json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))):
        case [made_for, str() | int() as key] if made_for == sort and isinstance(key, str) == sort.by_name:
            return key
    raise ValueError("a cursor of another list")


def _cursor(sort: Sort, last: ServerStatus) -> str:
    """For clients to hand back as it is."""
    return urlsafe_b64encode(json.dumps([sort, sort.key(last)]).encode()).decode().rstrip("=")
