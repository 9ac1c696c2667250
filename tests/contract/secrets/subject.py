"""A real OpenBao under test, and what a person may do there by hand."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import hvac

from events.ids import new_onboarding_id
from events.openbao import Mount, OpenBao
from events.types import CredentialsStored, DeviceRecorded, Outcome, Registration
from events.values import MacAddress, ServerName
from onramp.sandbox.openbao import AppRole
from onramp.sandbox.openbao import OpenBao as Server
from vault_writer.client import OpenBaoSecrets
from vault_writer.handler import store_credentials
from vault_writer.settings import Settings

MAC = MacAddress("3c:ec:ef:a1:9c:e8")
Answer = TypeVar("Answer")


class OpenSeals:
    """Seals whose password is written on them."""

    async def open(self, sealed: str, bmc_mac: MacAddress) -> str:
        return sealed.removeprefix("sealed ")


class CountingOpenBao(OpenBao):
    """A session that counts its requests, log-ins apart."""

    requests = 0

    async def request(self, path: str, ask: Callable[[hvac.Client], Answer]) -> Answer:
        self.requests += 1
        return await super().request(path, ask)


class Subject:
    """The server, with root's hands; every test takes servers and roles of its own."""

    _numbers = itertools.count(1)

    def __init__(self, server: Server, ca_file: Path | None = None) -> None:
        self.server = server
        self.ca_file = ca_file
        self.root = hvac.Client(server.address, token=server.root_token, verify=str(ca_file or "") or True)

    def session(self, role: AppRole | None = None, **settings: Any) -> CountingOpenBao:
        """A new session, as vault_writer's role unless told otherwise."""
        return CountingOpenBao(self.settings(role, **settings))

    def settings(self, role: AppRole | None = None, **settings: Any) -> Settings:
        role = role or self.server.roles["vault-writer"]
        told = {
            "openbao_address": self.server.address,
            "openbao_ca_file": self.ca_file,
            "openbao_role_id": role.role_id,
            "openbao_secret_id": role.secret_id,
        }
        return Settings(**{**told, **settings})

    def name(self, kind: str) -> str:
        """A name that no other test has."""
        return f"{kind}-{next(self._numbers)}"

    def scan(
        self, server: ServerName, password: str = "first-pass", username: str | None = None
    ) -> DeviceRecorded:
        return DeviceRecorded(
            onboarding_id=new_onboarding_id(),
            server=server,
            site="dcoa",
            registration=Registration(bmc_mac=MAC, bmc_username=username),
            sealed_password=f"sealed {password}",
            outcome=Outcome.CREATED,
            reason="device created",
        )

    async def store(self, event: DeviceRecorded, mount: Mount | None = None) -> CredentialsStored:
        """One handling of the event by vault_writer."""
        secrets = OpenBaoSecrets(mount or Mount(self.session(), "onramp"))
        return await store_credentials(event, secrets, OpenSeals(), "ADMIN")

    def secret(self, server: ServerName) -> dict[str, str]:
        return dict(self._read(server)["data"])

    def version(self, server: ServerName) -> int:
        return int(self._read(server)["metadata"]["version"])

    def noted(self, server: ServerName) -> dict[str, str]:
        return dict(self._read(server)["metadata"]["custom_metadata"] or {})

    def write_by_hand(self, server: ServerName, **data: str) -> None:
        self.root.secrets.kv.v2.create_or_update_secret(f"bmc/{server}", data, mount_point="onramp")

    def delete_by_hand(self, server: ServerName) -> None:
        self.root.secrets.kv.v2.delete_latest_version_of_secret(f"bmc/{server}", mount_point="onramp")

    def destroy_by_hand(self, server: ServerName) -> None:
        versions = [self.version(server)]
        self.root.secrets.kv.v2.destroy_secret_versions(f"bmc/{server}", versions, mount_point="onramp")

    def role(self, *policies: str, **settings: Any) -> AppRole:
        """A new AppRole with these policies, and with OpenBao's own settings for it."""
        approle, name = self.root.auth.approle, self.name("role")
        approle.create_or_update_approle(name, token_policies=list(policies), **settings)
        role_id = approle.read_role_id(name)["data"]["role_id"]
        return AppRole(role_id, approle.generate_secret_id(name)["data"]["secret_id"])

    def policy(self, rules: str) -> str:
        name = self.name("policy")
        self.root.sys.create_or_update_policy(name, rules)
        return name

    def revoke_every_token(self) -> None:
        self.root.sys.revoke_prefix("auth/approle")

    def tokens(self) -> set[str]:
        """The accessors of every token that lives."""
        return set(self.root.auth.token.list_accessors()["data"]["keys"])

    def seal(self) -> None:
        self.root.sys.seal()

    def unseal(self) -> None:
        self.root.sys.submit_unseal_key(self.server.unseal_key)

    def active(self) -> bool:
        return bool(self.root.sys.read_health_status().status_code == 200)

    def _read(self, server: ServerName) -> Any:
        return self.root.secrets.kv.v2.read_secret_version(
            f"bmc/{server}", mount_point="onramp", raise_on_deleted_version=True
        )["data"]


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until a condition holds, asking a few times a second."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, "it never came about"
        await asyncio.sleep(0.1)
