"""Servers by a part of their names: which names hold which three characters in a row."""

from array import array

EDGE = "\n"
"""Around each name, so that the shortest has three characters too."""


class Texts:
    """The names, numbered as they came: four bytes for each three characters of a name."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._holding: dict[str, array[int]] = {}

    def add(self, name: str) -> None:
        """A name that was not there yet."""
        number = len(self._names)
        self._names.append(name)
        for three in _threes(f"{EDGE}{name}{EDGE}"):
            self._holding.setdefault(three, array("I")).append(number)

    def candidates(self, text: str, most: int) -> list[str] | None:
        """Names of which those with the text in them are some; `None` where they are more than `most`."""
        if len(text) < 3:
            found = [numbers for three, numbers in self._holding.items() if text in three]
        else:
            found = [min((self._holding.get(three, array("I")) for three in _threes(text)), key=len)]
        if sum(map(len, found)) > most:
            return None
        return [self._names[number] for number in {number for numbers in found for number in numbers}]


def _threes(text: str) -> set[str]:
    return {text[at : at + 3] for at in range(len(text) - 2)}
