"""Which private sealing keys are gone from OpenBao, looked after while the service runs.

A key that was read once stays in memory and goes on opening: without a look, the loss would show at the
next start, when nothing can open any more what was sealed meanwhile.
"""

from time import monotonic

from events.errors import Retry
from events.seal import KeyRecord
from events.store_errors import StoreError
from vault_writer.keys import PublicKeys
from vault_writer.seals import PrivateKeys

LOOK_EVERY = 10.0
"""Seconds; each look reads every key once."""


class LostKeys:
    """The keys whose private half was gone at the last look."""

    def __init__(self, private: PrivateKeys, public: PublicKeys, *, every: float = LOOK_EVERY) -> None:
        """`every`: seconds between two looks."""
        self._private = private
        self._public = public
        self._every = every
        self._look_at = 0.0
        self._lost: list[KeyRecord] = []

    def __contains__(self, kid: object) -> bool:
        """Whether this key's private half was gone."""
        return any(record.key.kid == kid for record in self._lost)

    async def check(self) -> None:
        """For readiness. Raises `Retry` while passwords are sealed to a key that is lost."""
        if monotonic() >= self._look_at:
            await self._look()
        if sealing := [record.key.kid for record in self._lost if not record.retired]:
            raise Retry(
                f"the private key of {', '.join(sealing)} is gone from OpenBao: restore it,"
                " or run `onramp keys new` and then `onramp keys retire` it"
            )

    async def _look(self) -> None:
        try:
            records = await self._public.all()
        except StoreError as away:
            raise Retry(str(away)) from None
        self._lost = [record for record in records if await self._private.read(record.key.kid) is None]
        self._look_at = monotonic() + self._every
