"""A kea-dhcp4 configuration file: what of it the control channel shows and what its commands check."""

import copy
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, summarize_address_range
from pathlib import Path

from onramp.sandbox.kea.answers import SUBNET_ID_GLOBAL, Json, KeaError
from onramp.sandbox.kea.hosts import Host
from onramp.sandbox.kea.subnets import Subnet, Subnets

GLOBAL_DEFAULTS: Json = {
    "valid-lifetime": 7200,
    "reservations-global": False,
    "reservations-in-subnet": True,
    "reservations-out-of-pool": False,
    "ip-reservations-unique": True,
    "subnet4": [],
    "shared-networks": [],
    "hooks-libraries": [],
}
"""Global parameters that `config-get` shows even where the file leaves them out, with Kea's defaults."""

STRINGS_AND_COMMENTS = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|#[^\n]*|/\*.*?\*/', re.DOTALL)


class Configuration:
    """The configuration of one server. Raises KeaError if it is none."""

    def __init__(self, file: Path) -> None:
        self.file = file
        try:
            document = json.loads(STRINGS_AND_COMMENTS.sub(lambda match: match[1] or "", file.read_text()))
            self._dhcp4: Json = {**GLOBAL_DEFAULTS, **document["Dhcp4"]}
            self.subnets: Subnets = {subnet.id: subnet for subnet in self._read_subnets()}
        except (ValueError, KeyError, TypeError) as error:
            raise KeaError(f"no kea-dhcp4 configuration: {error!r}") from error

    @property
    def unique_addresses(self) -> bool:
        """Whether an address may be reserved only once in a subnet."""
        return bool(self._dhcp4["ip-reservations-unique"])

    @property
    def has_hosts_database(self) -> bool:
        """Whether reservations can be kept in a database."""
        return bool(self._dhcp4.get("hosts-databases") or self._dhcp4.get("hosts-database"))

    def has_hook(self, name: str) -> bool:
        """Whether the hook library `name` is loaded, wherever it is installed."""
        return any(Path(hook["library"]).stem == f"libdhcp_{name}" for hook in self._dhcp4["hooks-libraries"])

    @property
    def realm(self) -> str:
        """The basic authentication's realm of the HTTP control socket."""
        sockets = self._dhcp4.get("control-sockets", [])
        realms = (socket.get("authentication", {}).get("realm") for socket in sockets)
        return next((realm for realm in realms if realm), "")

    def hosts(self) -> Iterator[Host]:
        """The reservations that the file holds; raises KeaError where Kea would not start with them."""
        for reservation in self._dhcp4.get("reservations", []):
            yield Host.parse(reservation, SUBNET_ID_GLOBAL)
        for _, element in _subnet_elements(self._dhcp4):
            prefix = self.subnets[element["id"]].prefix
            for reservation in element.get("reservations", []):
                host = Host.parse(reservation, element["id"])
                if host.ip_address and IPv4Address(host.ip_address) not in prefix:
                    text = (
                        f"specified reservation '{host.ip_address}' is not within the IPv4 subnet '{prefix}'"
                    )
                    raise KeaError(text)
                yield host

    def running(self, hosts: Iterable[Host]) -> Json:
        """The running configuration with the reservations that memory holds, as Kea writes it."""
        dhcp4 = copy.deepcopy(self._dhcp4)
        reserved: dict[int, list[Json]] = {}
        for host in hosts:
            reserved.setdefault(host.subnet_id, []).append(host.element())
        dhcp4.pop("reservations", None)
        if SUBNET_ID_GLOBAL in reserved:
            dhcp4["reservations"] = reserved[SUBNET_ID_GLOBAL]
        if "hosts-database" in dhcp4:
            dhcp4["hosts-databases"] = [dhcp4.pop("hosts-database")]
        for _, element in _subnet_elements(dhcp4):
            element["reservations"] = reserved.get(element["id"], [])
            element["pools"] = [
                {"option-data": [], **pool, "pool": _range(pool["pool"])} for pool in element.get("pools", [])
            ]
        return {"Dhcp4": dhcp4}

    def _read_subnets(self) -> Iterator[Subnet]:
        for network, element in _subnet_elements(self._dhcp4):
            lifetimes = {**self._dhcp4, **network, **element}
            yield Subnet(element["id"], IPv4Network(element["subnet"]), lifetimes["valid-lifetime"])


def hash_of(document: Json) -> str:
    """A digest of a configuration, as `config-get` tells it."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest().upper()


def _subnet_elements(dhcp4: Json) -> Iterator[tuple[Json, Json]]:
    """Every subnet with its shared network, which is empty for a subnet outside of one."""
    yield from (({}, element) for element in dhcp4["subnet4"])
    for network in dhcp4["shared-networks"]:
        yield from ((network, element) for element in network.setdefault("subnet4", []))


def _range(pool: str) -> str:
    """A pool as Kea shows it: a prefix where the range is one, else `first-last`."""
    if "/" in pool:
        return pool.replace(" ", "")
    first, last = (IPv4Address(part.strip()) for part in pool.split("-"))
    prefixes = list(summarize_address_range(first, last))
    return str(prefixes[0]) if len(prefixes) == 1 else f"{first}-{last}"
