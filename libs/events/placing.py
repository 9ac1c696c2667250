"""What NetBox can't do without: steps skip, warn and foresee by it."""

NEEDED = ("site", "location", "rack", "position", "device_type", "device_role")
"""Without all of these fields of a registration there is nothing that NetBox could hold."""


def missing(registered: object) -> tuple[str, ...]:
    """Those that a registration left out; netbox_sync skips it then."""
    return tuple(name for name in NEEDED if getattr(registered, name) is None)
