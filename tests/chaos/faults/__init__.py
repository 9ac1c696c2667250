"""The faults, each in a file of its own: `async (Task) -> figures`."""

from collections.abc import Awaitable, Callable, Mapping

from tests.chaos.faults.backends import backends_down, one_dead_kea
from tests.chaos.faults.clocks import clocks_apart, sigterm
from tests.chaos.faults.disk import bound_reached, disk_full
from tests.chaos.faults.kills import kill_points
from tests.chaos.faults.nats import leader_killed, nats_away, nats_killed
from tests.chaos.faults.poison import poison
from tests.chaos.faults.rescans import rescans
from tests.chaos.faults.storm import random_kills
from tests.chaos.faults.streams import deleted
from tests.chaos.faults.window import duplicates
from tests.chaos.figures import Figure
from tests.chaos.task import Task

FAULTS: Mapping[str, Callable[[Task], Awaitable[list[Figure]]]] = {
    "kill-points": kill_points,
    "nats-killed": nats_killed,
    "nats-away": nats_away,
    "backends-down": backends_down,
    "poison": poison,
    "duplicates": duplicates,
    "deleted": deleted,
    "rescans": rescans,
    "random-kills": random_kills,
    "leader-killed": leader_killed,
    "bound-reached": bound_reached,
    "disk-full": disk_full,
    "clocks-apart": clocks_apart,
    "sigterm": sigterm,
    "one-dead-kea": one_dead_kea,
}

SHORT = ["kill-points", "nats-killed", "poison", "duplicates", "deleted", "rescans", "sigterm"]
"""The faults of a quick round."""
