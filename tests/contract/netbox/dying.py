"""A client whose process dies right after its n-th write, and again at none."""

from collections.abc import Mapping
from typing import Any

from netbox_sync.client import NetBoxClient
from netbox_sync.client.connection import Connection, Json
from netbox_sync.settings import Settings


class Died(Exception):
    """The process is no more."""


class DyingConnection(Connection):
    """Writes `lives` times; the last of them has its effect, but nobody hears of it."""

    def __init__(self, settings: Settings, lives: int) -> None:
        super().__init__(settings)
        self.lives = lives

    async def post(self, path: str, body: Mapping[str, Any]) -> Json:
        return self._survive(await super().post(path, body))

    async def patch(self, path: str, key: int, body: Mapping[str, Any]) -> Json:
        return self._survive(await super().patch(path, key, body))

    async def delete(self, path: str, key: int) -> None:
        await super().delete(path, key)
        self._survive({})

    def _survive(self, answer: Json) -> Json:
        self.lives -= 1
        if self.lives == 0:
            raise Died
        return answer


def dying_client(settings: Settings, lives: int) -> NetBoxClient:
    client = NetBoxClient(settings)
    client.connection = DyingConnection(settings, lives)
    return client
