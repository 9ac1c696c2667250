"""What the services stand on: real backends where the environment has their addresses, emulators elsewhere.

=========================  ====================================================================
`ONRAMP_NETBOX_URL`        with `ONRAMP_NETBOX_TOKEN`: this NetBox
`ONRAMP_KEA_SERVERS`       these Kea servers
`ONRAMP_KUBECONFIG`        this Kubernetes. The plain `KUBECONFIG` that a person has set for his own
                           work is passed over: a demo must not enrol its servers there by surprise
`ONRAMP_OPENBAO_ADDRESS`   this OpenBao, with `ONRAMP_VAULT_WRITER_ROLE_ID`, `…_SECRET_ID` and
                           `ONRAMP_METAL3_SYNC_ROLE_ID`, `…_SECRET_ID`; else one of our own
=========================  ====================================================================
"""

import json
import os
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onramp.sandbox import openbao
from onramp.sandbox.openbao import AppRole
from onramp.sandbox.places import EXAMPLES, LOOPBACK, free_ports
from onramp.sandbox.processes import NotStarted, Process
from onramp.sandbox.waiting import answers

EMULATED_KEAS = ("kea-a", "kea-b")


@dataclass
class Backends:
    """Addresses and credentials, and the emulators' processes by name."""

    folder: Path
    examples: Path
    emulators: dict[str, Process] = field(default_factory=dict)
    emulator_urls: dict[str, str] = field(default_factory=dict)

    netbox_url: str = ""
    netbox_token: str = field(default="", repr=False)
    kea_servers: list[dict[str, Any]] = field(default_factory=list, repr=False)
    kubeconfig: str = ""
    openbao_address: str = ""
    openbao_ca_file: str = ""
    openbao_roles: Mapping[str, AppRole] = field(default_factory=dict, repr=False)
    openbao_server: openbao.OpenBao | None = None

    @classmethod
    def chosen(cls, folder: Path, environment: Mapping[str, str], examples: Path = EXAMPLES) -> "Backends":
        """Real ones where `environment` names them, else emulators, seeded from `examples`, not started.

        Raises `NotStarted` where what it names can't be used.
        """
        backends = cls(folder, examples)
        backends._choose_netbox(environment)
        backends._choose_kea(environment)
        backends._choose_kubernetes(environment)
        return backends

    def start_openbao(self, environment: Mapping[str, str]) -> None:
        """Ours, unless the environment names another.

        Raises `RuntimeError` when ours does not come up, `NotStarted` where a role for the other is missing.
        """
        self.openbao_address = environment.get("ONRAMP_OPENBAO_ADDRESS", "")
        self.openbao_ca_file = environment.get("ONRAMP_OPENBAO_CA_FILE", "")
        if self.openbao_address:
            self.openbao_roles = {role: _role(environment, role) for role in openbao.ROLES}
            return
        self.openbao_server = openbao.start(self.folder / "openbao")
        self.openbao_address, self.openbao_roles = self.openbao_server.address, self.openbao_server.roles

    def described(self) -> list[tuple[str, str]]:
        """Each backend and where it is, for people."""
        keas = ", ".join(f"{kea['name']} {kea['url']}" for kea in self.kea_servers)
        real = "yours"
        return [
            (f"NetBox ({'emulator' if 'netbox' in self.emulators else real})", self.netbox_url),
            (f"Kea ({'emulators' if 'kea-a' in self.emulators else real})", keas),
            (f"Kubernetes ({'emulator' if 'kubernetes' in self.emulators else real})", self.kubeconfig),
            (f"OpenBao ({'a real one' if self.openbao_server else real})", self.openbao_address),
        ]

    def _choose_netbox(self, environment: Mapping[str, str]) -> None:
        if url := environment.get("ONRAMP_NETBOX_URL"):
            self.netbox_url, self.netbox_token = url, environment.get("ONRAMP_NETBOX_TOKEN", "")
            return
        self.netbox_token = f"nbt_{secrets.token_hex(6)}.{secrets.token_hex(20)}"
        self.netbox_url = self._emulate(
            "netbox", "netbox", "--token", self.netbox_token, "--seed", str(self.examples / "netbox.json")
        )

    def _choose_kea(self, environment: Mapping[str, str]) -> None:
        if servers := environment.get("ONRAMP_KEA_SERVERS"):
            self.kea_servers = _kea_servers(servers)
            return
        hosts = self.folder / "kea-hosts.sqlite"
        for name in EMULATED_KEAS:
            password = secrets.token_hex(12)
            config = self.examples / f"{name}.json"
            files = ("--config", str(config), "--hosts", str(hosts))
            url = self._emulate(name, "kea", *files, "--user", "onramp", "--password", password)
            self.kea_servers.append({"name": name, "url": url, "username": "onramp", "password": password})

    def _choose_kubernetes(self, environment: Mapping[str, str]) -> None:
        if kubeconfig := environment.get("ONRAMP_KUBECONFIG"):
            if not Path(kubeconfig).is_file():
                raise NotStarted(f"ONRAMP_KUBECONFIG: there is no file {kubeconfig}")
            self.kubeconfig = kubeconfig
            return
        self.kubeconfig = str(self.folder / "kubeconfig")
        token, bmcs = f"onramp={secrets.token_hex(20)}", str(self.examples / "bmcs.json")
        flags = ("--token", token, "--write-kubeconfig", self.kubeconfig, "--bmc", bmcs)
        self._emulate("kubernetes", "kubernetes", *flags)

    def _emulate(self, name: str, module: str, *flags: str) -> str:
        [port] = free_ports(1)
        url = f"http://{LOOPBACK}:{port}"
        command = [sys.executable, "-m", f"onramp.sandbox.{module}", "--port", str(port), *flags]
        log = self.folder / f"{name}.log"
        self.emulator_urls[name] = url
        self.emulators[name] = Process(name, command, log, answers(f"{url}/_emulator/counts"), os.environ)
        return url


def _role(environment: Mapping[str, str], role: str) -> AppRole:
    prefix = f"ONRAMP_{role.replace('-', '_').upper()}"
    names = (f"{prefix}_ROLE_ID", f"{prefix}_SECRET_ID")
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise NotStarted(
            f"an OpenBao of your own needs {' and '.join(missing)} too: the AppRole {role} there"
        )
    return AppRole(*(environment[name] for name in names))


def _kea_servers(text: str) -> list[dict[str, Any]]:
    try:
        servers = json.loads(text)
    except ValueError:
        servers = None
    if isinstance(servers, list) and all(
        isinstance(one, dict) and {"name", "url"} <= one.keys() for one in servers
    ):
        return servers
    example = '[{"name": "kea-a", "url": "https://kea-a:8443/"}]'
    raise NotStarted(f"ONRAMP_KEA_SERVERS: a JSON list is wanted, as in {example}")
