"""A BMC password under seal: a JWE that intake (or the app) makes and only vault_writer can open.

ECDH-ES+A256KW on P-256 with A256GCM, compact, `kid` in the header. The plaintext is JSON of `password`
and `bmc_mac`, padded with spaces so that its length says nothing. The MAC binds the seal to its server:
nobody can send another server's seal as his own.
"""

import json
from collections.abc import Mapping
from functools import lru_cache

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.util import to_bytes, urlsafe_b64decode
from pydantic import Field, ValidationError

from events.errors import Refuse
from events.types import Frozen
from events.values import MacAddress

ALGORITHMS = ["ECDH-ES+A256KW", "A256GCM"]
_PADDED = 128

REMEMBERED_FOR = 5.0
"""Seconds for which an intake may believe what it read of the keys."""
WITHDRAWN_AFTER = 2 * REMEMBERED_FOR
"""Seconds after which every intake knows that a key was withdrawn, and what was taken before is stored."""


class PublicKey(Frozen):
    """A public sealing key as intake serves it, in JWK's own words (RFC 7517)."""

    kid: str
    kty: str = "EC"
    crv: str = "P-256"
    x: str
    y: str
    use: str = "enc"
    alg: str = "ECDH-ES+A256KW"


class KeyRecord(Frozen):
    """A value of the KV bucket `KEYS`: a retired key seals no more, but what it sealed is still opened.

    A withdrawn one is about to be deleted: what it sealed is still opened, but taken no more.
    """

    key: PublicKey
    retired: bool = False
    withdrawn: bool = False
    made_at: str = Field(description="RFC 3339.")

    @classmethod
    def of(cls, value: bytes) -> "KeyRecord | None":
        """Read a value of the bucket; `None` where it is no key, or that of one that was deleted."""
        try:
            return cls.model_validate_json(value)
        except ValidationError:
            return None


class _Content(Frozen):
    """What is under a seal."""

    password: str = Field(min_length=1, repr=False)
    bmc_mac: MacAddress


def new_private_key(kid: str) -> dict[str, str]:
    """A fresh P-256 key pair as a private JWK; keep it where only vault_writer can read it."""
    key = ECKey.generate_key("P-256", {"kid": kid, "use": "enc", "alg": ALGORITHMS[0]})
    return {name: str(value) for name, value in key.as_dict(private=True).items()}


def public_part(private: Mapping[str, str]) -> PublicKey:
    """The half of a private JWK that anybody may have."""
    return PublicKey.model_validate({k: v for k, v in private.items() if k != "d"})


def seal(password: str, bmc_mac: MacAddress, key: PublicKey) -> str:
    """Seal a password for this BMC."""
    plaintext = json.dumps({"password": password, "bmc_mac": bmc_mac}, ensure_ascii=False)
    padded = plaintext.encode().ljust(_PADDED)
    header = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1], "kid": key.kid}
    return jwe.encrypt_compact(header, padded, _imported(key), algorithms=ALGORITHMS)


@lru_cache(maxsize=8)
def _imported(key: PublicKey) -> ECKey:
    """Kept, since reading the key takes a third of the time that sealing does."""
    return ECKey.import_key({name: str(value) for name, value in key.model_dump().items()})


def kid_of(sealed: str) -> str:
    """The id of the key that a seal was made with. Raises `ValueError` when it is no such seal."""
    parts = sealed.split(".")
    try:
        header = json.loads(urlsafe_b64decode(to_bytes(parts[0])))
        if len(parts) == 5 and [header["alg"], header["enc"]] == ALGORITHMS:
            return str(header["kid"])
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise ValueError(f"this is no compact JWE made with {' and '.join(ALGORITHMS)} and a kid") from None


def unseal(sealed: str, bmc_mac: MacAddress, private: Mapping[str, str]) -> str:
    """The password under a seal. Raises `Refuse` when it does not open or is another server's."""
    try:
        key = ECKey.import_key(dict(private))
        plaintext = jwe.decrypt_compact(to_bytes(sealed), key, algorithms=ALGORITHMS).plaintext
        content = _Content.model_validate_json(plaintext or b"")
    except (JoseError, ValueError, KeyError, TypeError):
        # Whatever broke, its text could quote the plaintext: say nothing of it.
        raise Refuse("the sealed password does not open: scan the password again") from None
    if content.bmc_mac != bmc_mac:
        raise Refuse(f"the sealed password was sealed for another BMC than {bmc_mac}: scan it again")
    return content.password
