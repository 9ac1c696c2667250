"""OpenBao as vault_writer's ports see it, in memory: versions, check-and-set, and told to fail."""

from collections.abc import Mapping
from dataclasses import replace

from events.errors import Retry, StepError
from events.seal import KeyRecord
from events.values import MacAddress, ServerName
from vault_writer.handler import Secret


class FakeSecrets:
    """A KV v2 mount. `fails` maps a verb to the error that it raises once, before it does anything."""

    mount = "onramp"

    def __init__(self) -> None:
        self.stored: dict[str, Secret] = {}
        self.fails: dict[str, StepError] = {}
        self.asked: list[str] = []

    async def read(self, path: str) -> Secret | None:
        self._begin("read")
        return self.stored.get(path)

    async def write(self, path: str, data: Mapping[str, str], *, after: int) -> int:
        self._begin("write")
        current = self.stored.get(path, Secret(0, {}, {}))
        if current.version != after:
            raise Retry("written by another just now", delay=0)
        self.stored[path] = replace(current, version=after + 1, data=dict(data))
        return after + 1

    async def describe(self, path: str, custom_metadata: Mapping[str, str]) -> None:
        self._begin("describe")
        self.stored[path] = replace(self.stored[path], custom_metadata=dict(custom_metadata))

    def delete_newest(self, path: str) -> None:
        """What a person does by hand: a soft delete."""
        self.stored[path] = replace(self.stored[path], data={})

    def _begin(self, verb: str) -> None:
        self.asked.append(verb)
        if error := self.fails.pop(verb, None):
            raise error


class OpenSeals:
    """Seals whose password is written on them."""

    async def open(self, sealed: str, bmc_mac: MacAddress) -> str:
        return sealed.removeprefix("sealed ")


class FakePrivateKeys:
    def __init__(self) -> None:
        self.keys: dict[str, Mapping[str, str]] = {}
        self.reads = 0

    async def read(self, kid: str) -> Mapping[str, str] | None:
        self.reads += 1
        return self.keys.get(kid)

    async def write(self, kid: str, key: Mapping[str, str]) -> None:
        self.keys[kid] = key

    async def delete(self, kid: str) -> None:
        self.keys.pop(kid, None)


class FakePublicKeys:
    def __init__(self) -> None:
        self.records: dict[str, KeyRecord] = {}
        self.away: StepError | None = None

    async def all(self) -> list[KeyRecord]:
        return list(self.records.values())

    async def write(self, record: KeyRecord) -> None:
        if self.away:
            raise self.away
        self.records[record.key.kid] = record

    async def delete(self, kid: str) -> None:
        del self.records[kid]


class FakeScans:
    def __init__(self) -> None:
        self.sealed_to: dict[ServerName, str] = {}

    async def newest_kids(self) -> dict[ServerName, str]:
        return self.sealed_to
