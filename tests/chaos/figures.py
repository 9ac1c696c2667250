"""What a fault is measured by: a figure, and whether it is what it has to be."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the report."""

    name: str
    value: str
    good: bool


def zero(name: str, count: int) -> Figure:
    """A count that has to be 0."""
    return Figure(name, str(count), count == 0)


def exactly(name: str, wanted: object, found: object) -> Figure:
    """A value that has to be this one."""
    return Figure(name, str(found) if found == wanted else f"{found}, not {wanted}", found == wanted)


def seconds(name: str, took: float, *, at_most: float) -> Figure:
    """A time that is bounded."""
    return Figure(name, f"{took:.1f} s (at most {at_most:.0f})", took <= at_most)


def known(name: str, value: str) -> Figure:
    """A figure that nothing is asked of."""
    return Figure(name, value, True)
