"""Which messages a step is done with: its acknowledgements as they pass, and its ack floor beside them.

An acknowledgement is a message of NATS's own, `$JS.ACK.<stream>.<step>.<deliveries>.<sequence>.…`; its
payload is empty, or `+ACK` (nats-io's ADR-13). One that was missed shows in the floor, once nothing
below it waits.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from events.store_errors import translated
from events.stream import Stream

ACKS = {b"", b"+ACK"}
SEQUENCE = 5
"""The token of such a subject that is the message's sequence in its stream."""


class Acks:
    """Those of some steps, from when they were begun to be listened to."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._passed: set[tuple[str, int]] = set()
        self._floors: dict[str, int] = {}

    @classmethod
    @asynccontextmanager
    async def of(cls, stream: Stream, steps: set[str]) -> AsyncIterator["Acks"]:
        """Listen to these steps; only an operator may. Raises `Away`."""
        acks = cls(stream)
        async with translated():
            listening = [await acks._listen(step) for step in steps]
            await stream.client.flush()
        try:
            yield acks
        finally:
            async with translated():
                for subscription in listening:
                    await subscription.unsubscribe()

    async def look(self, step: str) -> None:
        """See how far the step has come. Raises `Away`, `NotFoundError`."""
        async with translated():
            floor = (await self._stream.jetstream.consumer_info(self._stream.name, step)).ack_floor
        self._floors[step] = (floor.stream_seq or 0) if floor else 0

    def have(self, step: str, sequence: int) -> bool:
        """Whether the step is done with a message of the stream."""
        return (step, sequence) in self._passed or sequence <= self._floors.get(step, 0)

    async def _listen(self, step: str) -> Subscription:
        async def take(message: Msg) -> None:
            if message.data in ACKS:
                self._passed.add((step, int(message.subject.split(".")[SEQUENCE])))

        return await self._stream.client.subscribe(f"$JS.ACK.{self._stream.name}.{step}.>", cb=take)
