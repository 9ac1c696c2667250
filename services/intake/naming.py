"""A server's name, made by a pattern from where the server stands."""

from collections.abc import Mapping
from string import Formatter

from events.values import RackPosition, ServerName

PARTS = frozenset(
    {"site", "location", "rack", "position", "device_type", "device_role", "tenant", "serial", "asset_tag"}
)
"""The fields of a registration that a pattern may use."""


def parts_of(pattern: str) -> tuple[str, ...]:
    """The fields that a pattern uses, in its order. Raises `ValueError` when its braces don't match."""
    return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(pattern) if name is not None))


def check_pattern(pattern: str) -> None:
    """Raise `ValueError` when names can't be made by this pattern."""
    if unknown := set(parts_of(pattern)) - PARTS:
        raise ValueError(f"{', '.join(sorted(unknown))}: no field to make a name from; {sorted(PARTS)} are")
    if not parts_of(pattern):
        raise ValueError("without a field, every server would have the same name")
    ServerName(make_name(pattern, {part: RackPosition(1) if part == "position" else "x" for part in PARTS}))


def make_name(pattern: str, parts: Mapping[str, object]) -> str:
    """The text that the pattern makes; all its parts are there. A position is spelled by its label."""
    spelled = {
        name: part.label if isinstance(part, RackPosition) else str(part) for name, part in parts.items()
    }
    return pattern.format(**spelled).lower()
