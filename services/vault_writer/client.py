"""The ports over OpenBao's KV v2 mounts and over the bucket of public keys."""

from collections.abc import Callable, Mapping

from nats.js.errors import NotFoundError
from nats.js.kv import KeyValue

from events.following import standing
from events.openbao import Mount
from events.seal import KeyRecord
from events.store_errors import Away, translated
from events.stream import Stream
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

    def __init__(self, stream: Callable[[], Stream]) -> None:
        """`stream`: any on the connection, which is there once the service is connected."""
        self._stream = stream

    async def all(self) -> list[KeyRecord]:
        """Every record that can be read, retired ones too; `onramp doctor` names the others."""
        # The library's own `keys` now and then finds none where there are some.
        records = standing(Stream(self._stream().client, "KV_KEYS"), "$KV.KEYS.>")
        return [record async for stored in records if (record := KeyRecord.of(stored.data))]

    async def write(self, record: KeyRecord) -> None:
        """Add or replace a record."""
        async with translated():
            bucket = await self._bucket()
            await bucket.put(record.key.kid, record.model_dump_json().encode())

    async def delete(self, kid: str) -> None:
        """Remove a record."""
        async with translated():
            bucket = await self._bucket()
            await bucket.delete(kid)

    async def _bucket(self) -> KeyValue:
        try:
            return await self._stream().jetstream.key_value("KEYS")
        except NotFoundError:
            raise Away("there is no bucket KEYS: run `onramp streams apply`") from None
