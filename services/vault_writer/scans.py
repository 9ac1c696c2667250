"""Which servers still need a sealing key: the newest scan of each, read once from the stream."""

from collections.abc import Callable

from nats.js.api import ConsumerConfig, DeliverPolicy

from events.errors import Refuse
from events.seal import kid_of
from events.store_errors import translated
from events.stream import Stream
from events.subjects import event_subject, parse
from events.types import ServerScanned
from events.values import ServerName

_EVERY_SCAN = event_subject(ServerScanned.name, "*", "*")
_PATIENCE = 5.0
"""Seconds for the next of many."""


class NewestScans:
    """`keys.Scans` over the stream, which is there once the service is connected."""

    def __init__(self, stream: Callable[[], Stream]) -> None:
        self._stream = stream

    async def newest_kids(self) -> dict[ServerName, str]:
        """The key that each server's newest scan is sealed to, whatever its site was told to be.

        Raises `Away` where the stream is.
        """
        stream = self._stream()
        newest: dict[ServerName, str] = {}
        config = ConsumerConfig(deliver_policy=DeliverPolicy.LAST_PER_SUBJECT)
        async with translated():
            scans = await stream.jetstream.subscribe(
                _EVERY_SCAN, stream=stream.name, ordered_consumer=True, config=config
            )
            try:
                info = await scans.consumer_info()
                delivered = info.delivered.consumer_seq if info.delivered else 0
                for _ in range(delivered + (info.num_pending or 0)):
                    message = await scans.next_msg(timeout=_PATIENCE)
                    newest[ServerName(parse(message.subject).server)] = _kid(message.data)
            finally:
                await scans.unsubscribe()
        return newest


def _kid(scan: bytes) -> str:
    """The key that a scan is sealed to; none where it can't be read, since then no key opens it."""
    try:
        return kid_of(ServerScanned.model_validate_json(scan).sealed_password)
    except (ValueError, Refuse):
        return ""
