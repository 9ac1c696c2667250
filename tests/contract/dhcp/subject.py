"""What the contract tests stand on: Kea servers, looked at and prepared with a plain client of their own."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

import httpx

from kea_sync.client import KeaServers
from kea_sync.handler.acts import Act
from kea_sync.settings import KeaServer, Settings

Json = dict[str, Any]

SUBNETS = {1: "10.16.28.0/24", 2: "10.16.29.0/24"}
"""The subnets that every server of the examples has."""


class ProcessDied(BaseException):
    """The process that asks the servers ended."""


@dataclass
class Patience:
    """How many more acts the process lives."""

    acts_left: int

    def spend(self) -> None:
        """One act more; raises ProcessDied when it was the last."""
        self.acts_left -= 1
        if self.acts_left < 0:
            raise ProcessDied


class Subject:
    """Some Kea servers that serve the same subnets."""

    http = httpx.Client()

    def __init__(self, *servers: Json) -> None:
        self.servers = servers

    def port(self, *changed: Json, **settings: Any) -> KeaServers:
        """The production client of these servers; `changed` is put over each server's settings in turn."""
        changes = [*changed, *({} for _ in self.servers)]
        servers = tuple(
            KeaServer.model_validate({**server, **change})
            for server, change in zip(self.servers, changes, strict=False)
        )
        return KeaServers(Settings(kea_servers=servers, **settings))

    def port_that_dies(self, after: int) -> KeaServers:
        """The production client in a process that ends when it has done so many acts."""
        patience, port = Patience(after), self.port()
        for server in port.servers:
            apply = server.apply

            async def spend(act: Act, apply: Any = apply) -> None:
                patience.spend()
                await apply(act)

            server.apply = spend  # type: ignore[method-assign]
        return port

    def ask(self, index: int, command: str, **arguments: object) -> Json:
        """What one server answers to a command."""
        server = self.servers[index]
        named = {name.replace("_", "-"): value for name, value in arguments.items()}
        body: Json = {"command": command, "arguments": named}
        if server.get("control_agent"):
            body["service"] = ["dhcp4"]
        auth = httpx.BasicAuth(server["username"], server["password"])
        answer: Json = self.http.post(server["url"], json=body, auth=auth).raise_for_status().json()[0]
        return answer

    @contextmanager
    def changed(self, change: Callable[[Json], object]) -> Iterator[None]:
        """The first server's running configuration is another one for a while."""
        before = self._configuration()
        after = copy.deepcopy(before)
        change(after)
        self._configure(after)
        try:
            yield
        finally:
            self._configure(before)

    def _configuration(self) -> Json:
        running: Json = self.ask(0, "config-get")["arguments"]["Dhcp4"]
        return running

    def _configure(self, dhcp4: Json) -> None:
        answer = self.ask(0, "config-set", Dhcp4=dhcp4)
        assert answer["result"] == 0, answer

    def clear(self) -> None:
        """Take away every reservation and every lease."""
        for index in range(len(self.servers)):
            for subnet_id in SUBNETS:
                self.ask(index, "lease4-wipe", subnet_id=subnet_id)
                for host in self._hosts(index, subnet_id):
                    where = {"subnet_id": subnet_id, "operation_target": "all"}
                    client = {"identifier_type": "hw-address", "identifier": host["hw-address"]}
                    self.ask(index, "reservation-del", **where, **client)

    def reserve(self, index: int, hostname: str, mac: str, address: str) -> None:
        """Put in a reservation, as another program would."""
        reservation = {"hw-address": mac, "ip-address": address, "subnet-id": _subnet_id(address)}
        target = "database" if self._has_database(index) else "memory"
        answer = self.ask(
            index,
            "reservation-add",
            reservation={**reservation, "hostname": hostname},
            operation_target=target,
        )
        assert answer["result"] == 0, answer

    def lease(self, index: int, mac: str, address: str, hostname: str = "printer") -> None:
        """Put in a lease, as a client that asked for it would."""
        answer = self.ask(index, "lease4-add", ip_address=address, hw_address=mac, hostname=hostname)
        assert answer["result"] == 0, answer

    def reservations(self, index: int) -> list[tuple[str, str, str]]:
        """Hostname, MAC and address of every reservation that a server knows."""
        hosts = [host for subnet_id in SUBNETS for host in self._hosts(index, subnet_id)]
        return sorted((host["hostname"], host["hw-address"], host["ip-address"]) for host in hosts)

    def leases(self, index: int) -> list[tuple[str, str]]:
        """MAC and address of every lease of a server."""
        answer = self.ask(index, "lease4-get-all", subnets=list(SUBNETS))
        leases = answer.get("arguments", {}).get("leases", [])
        return sorted((lease["hw-address"], lease["ip-address"]) for lease in leases)

    def _hosts(self, index: int, subnet_id: int) -> list[Json]:
        answer = self.ask(index, "reservation-get-all", subnet_id=subnet_id)
        hosts: list[Json] = answer.get("arguments", {}).get("hosts", [])
        return hosts

    def _has_database(self, index: int) -> bool:
        return bool(self.ask(index, "config-get")["arguments"]["Dhcp4"].get("hosts-databases"))


def _subnet_id(address: str) -> int:
    return 1 if IPv4Address(address) < IPv4Address("10.16.29.0") else 2
