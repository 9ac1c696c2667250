"""Make, list, retire and delete sealing keys."""

import asyncio
import secrets
from collections.abc import Container, Mapping
from datetime import UTC, datetime
from typing import Protocol

from pydantic import computed_field

from events.errors import Refuse
from events.seal import WITHDRAWN_AFTER, KeyRecord, new_private_key, public_part
from events.types import Frozen
from events.values import ServerName


class PrivateKeys(Protocol):
    """Where only vault_writer can read them."""

    async def write(self, kid: str, key: Mapping[str, str]) -> None:
        """Store a new key."""

    async def delete(self, kid: str) -> None:
        """Remove a key for good."""


class PublicKeys(Protocol):
    """Where intake finds them."""

    async def all(self) -> list[KeyRecord]:
        """Every record, retired ones too."""

    async def write(self, record: KeyRecord) -> None:
        """Add or replace a record."""

    async def delete(self, kid: str) -> None:
        """Remove a record."""


class Scans(Protocol):
    """What was scanned, as far as keys go."""

    async def newest_kids(self) -> Mapping[ServerName, str]:
        """The key that each server's newest scan is sealed to."""


class KeyState(Frozen):
    """A key as an administrator sees it, with the servers whose newest scan is sealed to it."""

    kid: str
    made_at: str
    retired: bool
    lost: bool
    """Whether its private half was gone from OpenBao when it was looked for last."""
    needed_by: tuple[ServerName, ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def can_go(self) -> bool:
        """Whether `keys.delete` would delete it."""
        return self.retired and not self.needed_by


class KeyStates(Frozen):
    """The answer of `keys.list`."""

    keys: tuple[KeyState, ...]


class SealingKeys:
    """The verbs. Each can be repeated after a crash at any line."""

    def __init__(
        self,
        private: PrivateKeys,
        public: PublicKeys,
        scans: Scans,
        lost: Container[str],
        *,
        withdrawn_after: float = WITHDRAWN_AFTER,
    ) -> None:
        """`lost`: the ids of the keys whose private half is gone."""
        self._private = private
        self._public = public
        self._scans = scans
        self._lost = lost
        self._withdrawn_after = withdrawn_after

    async def new(self) -> KeyRecord:
        """Make a key. The private half is stored first: a crash in between leaves an unused one, no harm."""
        now = datetime.now(UTC)
        private = new_private_key(f"{now:%Y-%m-%d}-{secrets.token_hex(4)}")
        record = KeyRecord(key=public_part(private), made_at=now.isoformat(timespec="seconds"))
        await self._private.write(record.key.kid, private)
        await self._public.write(record)
        return record

    async def list(self) -> KeyStates:
        """Every key, the oldest first."""
        records = sorted(await self._public.all(), key=lambda record: record.made_at)
        kids = await self._scans.newest_kids()
        return KeyStates(keys=tuple(self._state(record, kids) for record in records))

    async def retire(self, kid: str) -> KeyState:
        """Seal no more with a key; what it sealed still opens. Refused for the last one that seals."""
        record = await self._find(kid)
        others = [other for other in await self._public.all() if not other.retired and other.key.kid != kid]
        if not others:
            raise Refuse(f"{kid} is the only key that seals: make a new one first", culprit=kid)
        retired = record.model_copy(update={"retired": True})
        await self._public.write(retired)
        return self._state(retired, await self._scans.newest_kids())

    async def delete(self, kid: str) -> KeyState:
        """Delete a retired key that nobody needs, once intake takes no more that is sealed to it.

        The public half goes last: as long as it stands, a deletion that was cut short is done again.
        """
        record = await self._find(kid)
        await self._unneeded(record)
        withdrawn = record.model_copy(update={"withdrawn": True})
        await self._public.write(withdrawn)
        await asyncio.sleep(self._withdrawn_after)
        state = await self._unneeded(withdrawn)
        await self._private.delete(kid)
        await self._public.delete(kid)
        return state

    async def _unneeded(self, record: KeyRecord) -> KeyState:
        """The state of a key that may go. Raises `Refuse` where it may not; then it is withdrawn no more."""
        state = self._state(record, await self._scans.newest_kids())
        if not state.retired:
            raise Refuse(f"{state.kid} still seals: retire it first", culprit=state.kid)
        if state.needed_by:
            if record.withdrawn:
                await self._public.write(record.model_copy(update={"withdrawn": False}))
            servers = ", ".join(state.needed_by)
            raise Refuse(f"{state.kid} still opens the passwords of {servers}", culprit=state.kid)
        return state

    async def _find(self, kid: str) -> KeyRecord:
        for record in await self._public.all():
            if record.key.kid == kid:
                return record
        raise Refuse(f"there is no sealing key {kid!r}", culprit=kid)

    def _state(self, record: KeyRecord, newest: Mapping[ServerName, str]) -> KeyState:
        kid = record.key.kid
        return KeyState(
            kid=kid,
            made_at=record.made_at,
            retired=record.retired,
            lost=kid in self._lost,
            needed_by=tuple(sorted(server for server, theirs in newest.items() if theirs == kid)),
        )
