"""What a fault is told: where, with which seed, and whether there is only little time."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.plant import Shape
from tests.chaos.session import Session, session


@dataclass(frozen=True)
class Task:
    """One run of one fault."""

    folder: Path
    seed: int
    short: bool = False

    def session(self, shape: Shape | None = None) -> AbstractAsyncContextManager[Session]:
        """A fresh system."""
        return session(self.folder, self.seed, shape)

    def either(self, short: int, full: int) -> int:
        """How many, or how long, according to the time there is."""
        return short if self.short else full
