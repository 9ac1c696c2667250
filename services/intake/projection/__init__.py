"""Where every server stands, in memory: folded from the stream at start and followed from there.

Every replica has its own and writes nothing. `follower` keeps a `Projection` up with the stream, `purges`
takes out of it whom an operator purged, `Groups` answers what a list asks, from the `Group`s of those that
stand alike and, by `Texts`, of those that are called alike.
"""

from intake.projection.follower import follow
from intake.projection.page import Key, Page, Sort, Wanted, after
from intake.projection.projection import Position, Projection
from intake.projection.purges import forget_purged

__all__ = [
    "Key",
    "Page",
    "Position",
    "Projection",
    "Sort",
    "Wanted",
    "after",
    "follow",
    "forget_purged",
]
