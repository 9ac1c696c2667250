"""Where every server stands, in memory: folded from the stream at start and followed from there.

Every replica has its own and writes nothing. `follower` keeps a `Projection` up with the stream,
`Groups` answers what a list asks, `Texts` finds names by a part of them.
"""

from intake.projection.follower import follow
from intake.projection.page import Key, Page, Sort, Wanted, after
from intake.projection.projection import Position, Projection
from intake.projection.slim import step_at

__all__ = ["Key", "Page", "Position", "Projection", "Sort", "Wanted", "after", "follow", "step_at"]
