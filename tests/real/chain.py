"""The five services on the lab's backends, and the story that they are told."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from events.types import Registration
from events.values import MacAddress, ServerName
from onramp.sandbox import story
from onramp.sandbox.demo import Demo
from onramp.sandbox.story import Chapter, Expected
from onramp.sandbox.system import System
from tests.lab.place import CHECKOUT
from tests.real.place import BACKENDS

EXAMPLES = [chapter for chapter in story.read(CHECKOUT / "examples" / "servers.json") if not chapter.down]
WRITTEN_BY = ("netbox_sync", "vault_writer", "kea_sync", "metal3_sync")


class Chain:
    """NATS of its own and the five services as processes, on the backends that the environment names."""

    def __init__(self, folder: Path) -> None:
        self._runner = asyncio.Runner()
        self._console = Console(file=(folder / "told").open("w"), width=160)
        self.system = System(folder, print)

    def start(self) -> None:
        self._runner.run(self.system.start())

    def stop(self) -> None:
        self._runner.run(self.system.stop())
        self._runner.close()

    def tell(self, chapters: Sequence[Chapter]) -> list[str]:
        """Scan, wait until all have settled; in what it came out otherwise than the chapters say."""
        return self._runner.run(Demo(self.system, self._console, BACKENDS).tell(chapters))


class Told:
    """One server that is ready, as its newest scan says."""

    def __init__(self, chapter: Chapter) -> None:
        self.chapter = chapter
        self.name = ServerName(chapter.server)
        self.password: str = chapter.scan["bmc_password"]
        self._registration = Registration.model_validate(
            {field: chapter.scan.get(field) for field in ("bmc_mac", "bmc_ip", "rack", "position")}
        )

    @property
    def mac(self) -> MacAddress:
        return self._registration.bmc_mac

    @property
    def address(self) -> str:
        """The scanned one, else the first that is free in the example's second network."""
        return str(self._registration.bmc_ip or "10.16.29.2")

    @property
    def place(self) -> tuple[str, float] | None:
        """Rack and unit, if it has any."""
        scanned = self._registration
        return (scanned.rack, float(scanned.position)) if scanned.rack and scanned.position else None

    @property
    def again(self) -> Chapter:
        """The same scan once more: nothing may be written."""
        skipped = {} if self.place else {"netbox_sync": "skipped"}
        outcomes = {**dict.fromkeys(WRITTEN_BY, "unchanged"), **skipped}
        expected = Expected.model_validate({"state": "ready", "outcomes": outcomes})
        return self.chapter.model_copy(update={"after": None, "expect": expected})


def ready_servers() -> list[Told]:
    """Every server of the examples that becomes ready, each by its newest scan."""
    newest = {chapter.server: chapter for chapter in EXAMPLES}
    return [Told(chapter) for chapter in newest.values() if chapter.expect.state == "ready"]


def restart_of(backend: str, unit: int) -> Chapter:
    """A server that is scanned while this backend is down, which then comes back."""
    scan = {
        "device_name": f"dcoa-ra07u{unit:02}", "bmc_mac": f"3c:ec:ef:a1:9e:{unit:02}",
        "bmc_ip": f"10.16.28.{100 + unit}", "bmc_password": "secret", "site": "dcoa",
        "location": "ra07", "rack": "RA07", "position": unit, "device_type": "supermicro-1u",
        "device_role": "k8s-worker",
    }  # fmt: skip
    expected = {"state": "ready", "delayed": backend}
    return Chapter.model_validate(
        {"story": f"{backend} is restarted", "server": scan["device_name"], "down": backend}
        | {"scan": scan, "expect": expected}
    )
