"""Open sealed passwords with the private key that each was sealed to, kept in memory once read."""

import re
from collections.abc import Mapping
from typing import Protocol

from events.errors import Refuse
from events.seal import kid_of, unseal
from events.values import MacAddress

KID = re.compile(r"[a-z0-9-]{1,64}")
"""What a key's id looks like. It becomes part of a path, so nothing else is ever looked for."""


class PrivateKeys(Protocol):
    """Where the private keys stand."""

    async def read(self, kid: str) -> Mapping[str, str] | None:
        """A private key as a JWK, or `None` where there is none."""


class OpeningKeys:
    """Every key that has opened a seal here. A key never changes, so what was read once stays true."""

    def __init__(self, private: PrivateKeys) -> None:
        self._private = private
        self._read: dict[str, Mapping[str, str]] = {}

    async def open(self, sealed: str, bmc_mac: MacAddress) -> str:
        """The password. Raises `Refuse` where it can't be opened, whatever is tried again."""
        try:
            kid = kid_of(sealed)
        except ValueError as not_sealed:
            raise Refuse(f"the sealed password is none: {not_sealed}") from None
        return unseal(sealed, bmc_mac, await self._key(kid))

    async def _key(self, kid: str) -> Mapping[str, str]:
        if kid not in self._read:
            key = await self._private.read(kid) if KID.fullmatch(kid) else None
            if key is None:
                raise Refuse(f"the password was sealed to {kid!r}, no key of ours: scan the password again")
            self._read[kid] = key
        return self._read[kid]
