"""What `onramp doctor` looks at: each probe says what it found, and what to do about it."""

from collections.abc import Awaitable, Callable

import nats.errors
from nats.js.errors import NotFoundError

from events.store_errors import StoreError
from events.stream import Stream
from onramp.cli.probes.broker import clocks, nats_itself, sync_interval
from onramp.cli.probes.finding import APPLY, Finding, Health
from onramp.cli.probes.made import consumers, dead_letters, streams
from onramp.cli.probes.permissions import permissions
from onramp.cli.probes.services import intake, sealing_keys, services

__all__ = ["PROBES", "Finding", "Health", "intake", "probed", "sync_interval"]

Probe = Callable[[Stream], Awaitable[list[Finding]]]

PROBES: dict[str, Probe] = {
    "NATS": nats_itself,
    "clock": clocks,
    "sync_interval: always": lambda _: sync_interval(),
    "permissions": permissions,
    "streams": streams,
    "consumers": consumers,
    "sealing keys": sealing_keys,
    "intake": lambda _: intake(),
    "services": services,
    "dead letters": dead_letters,
}
"""In the order in which one thing rests on another."""


async def probed(stream: Stream, check: str) -> list[Finding]:
    """What a probe finds; what stops it is a finding too."""
    try:
        return await PROBES[check](stream)
    except NotFoundError:
        return [Finding(check, Health.BROKEN, "what it looks at is missing", APPLY)]
    except (StoreError, nats.errors.Error, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        return [Finding(check, Health.BROKEN, reason, "see that this NATS user may look there")]
    except Exception as error:
        # Whatever one probe trips over, the others still have something to say.
        found = f"it can't be looked at: {type(error).__name__}"
        return [Finding(check, Health.BROKEN, found, "see what was put there by hand")]
