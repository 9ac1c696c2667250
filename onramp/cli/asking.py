"""What the steps are asked about a server."""

from pydantic import ValidationError

from events.errors import Refuse
from events.stored import Stored
from events.types import Frozen, Registration
from events.values import IpAddress
from events.verdicts import Question
from onramp.cli.standing import Server

AT_ONCE = 8
"""Servers that are asked about at a time, in the step's own order."""


class _Known(Frozen):
    """What the events of an onboarding say of the BMC."""

    registration: Registration | None = None
    bmc_ip: IpAddress | None = None


def question(server: Server) -> Question:
    """What is asked about a server: its newest scan, and the address that was recorded for it.

    Raises `Refuse` where no event of it can be read that has a registration.
    """
    known = [_known(stored) for stored in server.events.values()]
    registrations = [found.registration for found in known if found.registration]
    if not registrations:
        raise Refuse(f"the scan of {server.status.server} can't be read: scan it again")
    addresses = [found.bmc_ip for found in known if found.bmc_ip]
    return Question(
        server=server.status.server,
        registration=registrations[-1],
        bmc_ip=addresses[-1] if addresses else None,
    )


def _known(stored: Stored) -> _Known:
    try:
        return _Known.model_validate_json(stored.data)
    except ValidationError:
        return _Known()
