"""What an earlier scan that stands means for one that is to be stored."""

from events.errors import Refuse
from events.stored import Stored
from events.subjects import parse
from events.types import ServerScanned
from intake.fields import CLIENT_AHEAD
from intake.problems import FieldError, IdTaken, OlderScan
from intake.scan import Scan


def refuse_if_older(scan: Scan, newest: Stored | None) -> None:
    """A scan from before the newest stored one may carry an old password. Raises `OlderScan`."""
    if newest is None or scan.scanned_at is None or scan.supersede:
        return
    try:
        message = newest.decoded()
    except Refuse:
        return
    # What stands may be told by a clock that was further ahead than is taken now.
    newer = min(getattr(message.event, "scanned_at", None) or message.time, message.time + CLIENT_AHEAD)
    if scan.scanned_at < newer:
        raise OlderScan(
            f"{scan.server} was scanned later, at {newer.isoformat()}: send supersede: true to replace that",
            [FieldError("scanned_at", scan.scanned_at.isoformat(), f"{newer.isoformat()} or later")],
            newer=newest.onboarding_id,
        )


def own_sequence(standing: Stored, scan: Scan) -> int:
    """The sequence of an earlier telling of this very scan. Raises `IdTaken` when it is something else."""
    try:
        event = standing.decoded().event
    except Refuse:
        event = None
    same_server = parse(standing.subject).server == scan.server
    if same_server and isinstance(event, ServerScanned) and event.registration == scan.registration:
        return standing.sequence
    raise IdTaken(f"onboarding {scan.onboarding_id} is another registration")
