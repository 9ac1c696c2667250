"""The lab's backends as the chain finds them: emptied beforehand, and taken down and brought back."""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.contract.dhcp.subject import Subject
from tests.lab import kea, kubernetes, netbox, openbao, processes
from tests.lab.place import CHECKOUT

KEA_FORMS = ("ONRAMP_KEA_SERVERS", "ONRAMP_LAB_KEA_SEPARATE", "ONRAMP_LAB_KEA_MEMORY")
"""The variables of all forms; a Control Agent is one more way to a server that is among them."""


def kea_servers() -> list[dict[str, Any]]:
    """Every Kea server of the lab, as `ONRAMP_KEA_SERVERS` names them."""
    return [server for variable in KEA_FORMS for server in json.loads(os.environ[variable])]


def empty() -> None:
    """Put every backend back to what the examples begin with."""
    netbox.fresh()
    for server in kea_servers():
        Subject(server).clear()
    _forget_credentials()
    for kind in ("baremetalhosts", "secrets"):
        kubernetes.kubectl("delete", kind, "--all", f"--namespace={kubernetes.NAMESPACE}")
    passwords = json.loads((CHECKOUT / "examples" / "bmcs.json").read_text())
    table = {address: {"password": password} for address, password in passwords.items()}
    kubernetes.bmcs().write_text(json.dumps(table))


def _forget_credentials() -> None:
    secrets = openbao.client().secrets.kv.v2
    mount = {"mount_point": "onramp"}
    for folder in secrets.list_secrets("", **mount)["data"]["keys"] if _holds_anything() else ():
        for name in secrets.list_secrets(folder, **mount)["data"]["keys"]:
            secrets.delete_metadata_and_all_versions(f"{folder}{name}", **mount)


def _holds_anything() -> bool:
    return openbao.client().list("onramp/metadata") is not None


@dataclass
class Backend:
    """One backend that can be taken down and brought back in the midst of a chain."""

    down: Callable[[], None]
    up: Callable[[], None]

    async def stop(self) -> None:
        """Take it down."""
        await asyncio.to_thread(self.down)

    async def start(self) -> None:
        """Bring it back with all that it held."""
        await asyncio.to_thread(self.up)


BACKENDS = {
    "NetBox": Backend(netbox.stop, netbox.start),
    "OpenBao": Backend(lambda: processes.stop("openbao"), openbao.start),
    "shared-b": Backend(lambda: kea.stop("shared-b"), lambda: kea.start("shared-b")),
    "Kubernetes": Backend(lambda: processes.stop("kube-apiserver"), kubernetes.start),
}
"""By the name that a server which waits for it is shown."""
