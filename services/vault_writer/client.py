"""The ports over OpenBao's KV v2 mounts and over the bucket of public keys."""

from collections.abc import Awaitable, Callable, Mapping

from nats.js.errors import NoKeysError
from nats.js.kv import KeyValue

from events.openbao import Mount
from events.seal import KeyRecord
from events.store_errors import translated
from vault_writer.handler import Secret


class OpenBaoSecrets:
    """The BMC credentials: `handler.Secrets` over a mount."""

    def __init__(self, mount: Mount) -> None:
        self.mount = mount.name
        self.write = mount.write
        self.describe = mount.describe
        self._read = mount.read

    async def read(self, path: str) -> Secret | None:
        """The newest version, in the handler's words."""
        secret = await self._read(path)
        return Secret(secret.version, secret.data, secret.custom_metadata) if secret else None


class OpenBaoPrivateKeys:
    """The private sealing keys, in a mount of their own."""

    def __init__(self, mount: Mount) -> None:
        self._mount = mount

    async def read(self, kid: str) -> Mapping[str, str] | None:
        """A private key, or `None` where there is none (any more)."""
        secret = await self._mount.read(f"sealing/{kid}")
        return secret.data if secret and secret.data else None

    async def write(self, kid: str, key: Mapping[str, str]) -> None:
        """Store a new key; one that stands is never overwritten."""
        await self._mount.write(f"sealing/{kid}", key, after=0)

    async def delete(self, kid: str) -> None:
        """Remove a key for good."""
        await self._mount.delete(f"sealing/{kid}")


class PublicKeyBucket:
    """The public sealing keys, in the bucket `KEYS` that intake serves. Each verb raises `Away`."""

    def __init__(self, bucket: Callable[[], Awaitable[KeyValue]]) -> None:
        """`bucket` finds it anew each time: it is there once the service is connected."""
        self._bucket = bucket

    async def all(self) -> list[KeyRecord]:
        """Every record, retired ones too."""
        bucket = await self._bucket()
        async with translated():
            try:
                kids = await bucket.keys()
            except NoKeysError:
                return []
            values = [(await bucket.get(kid)).value for kid in kids]
        return [KeyRecord.model_validate_json(value or b"") for value in values]

    async def write(self, record: KeyRecord) -> None:
        """Add or replace a record."""
        bucket = await self._bucket()
        async with translated():
            await bucket.put(record.key.kid, record.model_dump_json().encode())

    async def delete(self, kid: str) -> None:
        """Remove a record."""
        bucket = await self._bucket()
        async with translated():
            await bucket.delete(kid)
