"""How many imports a replica has in hand: each keeps its whole file in memory until it is stored."""

from contextlib import ExitStack

from intake.imports.problems import TooManyImports


class Turns:
    """One for each import, from before its file is sent until the last record is settled."""

    def __init__(self, most: int) -> None:
        self._left = most

    def take(self) -> ExitStack:
        """A turn, given back when it is closed. Raises `TooManyImports`."""
        if not self._left:
            raise TooManyImports("others are importing just now")
        self._left -= 1
        turn = ExitStack()
        turn.callback(self._give_back)
        return turn

    def _give_back(self) -> None:
        self._left += 1
