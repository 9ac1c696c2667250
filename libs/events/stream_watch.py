"""Delivery rule 11: the streams and buckets that a service stands on, each by name."""

from time import monotonic

from nats.js.api import StreamConfig
from nats.js.errors import NotFoundError

from events.agreement import differences
from events.readiness import Readiness
from events.store_errors import translated
from events.stream import Stream
from events.streams import OnboardingLimits


class StreamWatch:
    """Watches over the streams and buckets."""

    def __init__(
        self, stream: Stream, wanted: list[StreamConfig], limits: OnboardingLimits, readiness: Readiness
    ) -> None:
        self._stream = stream
        self._wanted = wanted
        self._limits = limits
        self._readiness = readiness

    async def look(self) -> None:
        """See how each stands."""
        for wanted in self._wanted:
            self._readiness.set(f"stream {wanted.name}", await self._trouble(wanted))

    async def _trouble(self, wanted: StreamConfig) -> str:
        try:
            async with translated():
                info = await self._stream.jetstream._jsm.stream_info(str(wanted.name))
        except NotFoundError:
            return f"the stream {wanted.name} is missing: run `onramp streams apply`"
        if wanted.name == self._stream.name:
            self._limits.max_age = info.config.max_age or 0.0
        if monotonic() < Stream.no_room.get(str(wanted.name), 0.0):
            return f"the stream {wanted.name} has no room: NATS's disk, or its bound on it, is full"
        differs = differences(wanted, info.config)
        return f"the stream {wanted.name} differs: {'; '.join(differs)}" if differs else ""
