"""A KV v2 mount: secrets in versions, each write guarded by the version that it replaces.

Source: OpenBao's HTTP API, "KV secrets engine, version 2".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import hvac
from hvac.exceptions import InvalidPath

from events.errors import Retry
from events.openbao.session import OpenBao


@dataclass(frozen=True)
class Secret:
    """The newest version at a path. `data` is empty where that version was deleted or destroyed."""

    version: int
    data: Mapping[str, str] = field(repr=False)
    custom_metadata: Mapping[str, str]


class Mount:
    """One KV v2 mount. Every verb is one request and raises `Retry` or `Unreachable`."""

    def __init__(self, openbao: OpenBao, name: str) -> None:
        self.name = name
        self._openbao = openbao

    async def read(self, path: str) -> Secret | None:
        """The newest version at `path`, or `None` where nothing was ever written."""

        def ask(client: hvac.Client) -> Any:
            return client.secrets.kv.v2.read_secret_version(
                path, mount_point=self.name, raise_on_deleted_version=True
            )

        try:
            answer = await self._openbao.request(f"{self.name}/data/{path}", ask)
        except InvalidPath as missing:
            # A deleted version is a 404 whose body still has the metadata.
            answer = missing.json or {}
        if not answer.get("data"):
            return None
        metadata = self._versioned(answer, "metadata")
        data = answer["data"]["data"] or {}
        return Secret(int(metadata["version"]), data, metadata["custom_metadata"] or {})

    async def write(self, path: str, data: Mapping[str, str], *, after: int) -> int:
        """Write the version that follows `after` (0: the first) and return its number.

        Raises `Retry` without delay when another was faster: read and decide again.
        """

        def ask(client: hvac.Client) -> Any:
            return client.secrets.kv.v2.create_or_update_secret(
                path, dict(data), cas=after, mount_point=self.name
            )

        answer = await self._openbao.request(f"{self.name}/data/{path}", ask)
        return int(self._versioned(answer, "version"))

    async def describe(self, path: str, custom_metadata: Mapping[str, str]) -> None:
        """Replace the custom metadata at `path`."""

        def ask(client: hvac.Client) -> Any:
            # The library's own verb would reset `delete_version_after` beside it.
            return client.adapter.post(
                f"/v1/{self.name}/metadata/{path}", json={"custom_metadata": dict(custom_metadata)}
            )

        await self._openbao.request(f"{self.name}/metadata/{path}", ask)

    async def delete(self, path: str) -> None:
        """Remove every version at `path` for good."""

        def ask(client: hvac.Client) -> Any:
            return client.secrets.kv.v2.delete_metadata_and_all_versions(path, mount_point=self.name)

        await self._openbao.request(f"{self.name}/metadata/{path}", ask)

    async def ready(self) -> None:
        """Whether we can log in and this is a KV v2 mount. Raises `Retry` or `Unreachable` where not."""

        def ask(client: hvac.Client) -> Any:
            return client.adapter.get(f"/v1/sys/internal/ui/mounts/{self.name}")

        answer = await self._openbao.request(f"{self.name}/ (if it is mounted at all)", ask)
        if (answer["data"]["options"] or {}).get("version") != "2":
            raise self._wrong_mount()

    def _versioned(self, answer: Any, key: str) -> Any:
        """What a KV v2 mount's answer has and another engine's lacks."""
        try:
            return answer["data"][key]
        except (KeyError, TypeError):
            raise self._wrong_mount() from None

    def _wrong_mount(self) -> Retry:
        return Retry(f"the mount {self.name}/ in OpenBao is no KV version 2 secrets engine: make it one")
