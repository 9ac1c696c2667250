"""`python -m onramp.documents.commands`: docs/operations/commands.md, from a real run in the sandbox.

Every command is run as a person would, on a whole system that the demo's scans have gone through; its
help and what it printed are written down as they came.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.console import Console

from onramp.documents.recording import Shell, running_system
from onramp.sandbox import story
from onramp.sandbox.demo import Demo

PLACE = Path("docs/operations/commands.md")
WIDTH = 120

EDGES = """device_name;bmc_mac;bmc_password;bmc_ip
edge-21;3c:ec:ef:00:10:01;a-password;10.16.29.61
edge-22;3C-EC-EF-00-10-02;a-password;10.16.29.62
edge-23;nonsense;a-password;10.16.29.63
"""
DEVICES = """- device_name: ra07u20
  bmc_password: a-password
- device_name: ra07u19
  bmc_password: a-password
"""
RESERVATIONS = """{ "reservations": [  // as Kea has them
  { "hostname": "dcoa-ra07u20-bmc", "hw-address": "3c:ec:ef:00:20:01", "ip-address": "10.16.28.51" },
  { "hostname": "printer", "hw-address": "3c:ec:ef:00:20:02", "ip-address": "10.16.28.52" } ] }
"""

RUNS: Mapping[str, tuple[str, ...]] = {
    "scan": ("scan --device-name edge-20 --bmc-mac 3cecef001000 --bmc-ip 10.16.29.60",),
    "import": ("import edges.csv --dry-run", "import edges.csv"),
    "watch": ("watch --server edge-20 --server edge-21 --server edge-22",),
    "servers": ("servers", "servers --state failed --json"),
    "show": ("show dcoa-ra07u30",),
    "dead-letters list": ("dead-letters list",),
    "dead-letters show": ("dead-letters show 1",),
    "replay": (
        "replay 1 --dry-run",
        "replay 1 --why 'see whether the rack was cleared'",
        "replay --step kea_sync --dry-run",
    ),
    "dead-letters discard": ("dead-letters discard 2 --yes --why 'the label was of another server'",),
    "check": ("check edge-20", "check"),
    "doctor": ("doctor",),
    "merge": ("merge devices.yaml reservations.json --site dcoa",),
    "lease force": ("lease force edge-20 --yes --why 'unplugged'",),
    "streams apply": ("streams apply",),
    "streams status": ("streams status",),
    "keys new": ("keys new",),
    "keys list": ("keys list",),
    "keys retire": (),
    "keys delete": (),
    "purge": ("purge edge-22 --yes --why 'scanned by mistake'",),
    "operations": ("operations", "operations --server edge-22 --json"),
    "sandbox": (),
}
"""Each command with what is run of it, in the order in which it is run and written down."""


async def _written() -> str:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        async with running_system(place) as system:
            quiet = Console(file=(place / "demo.log").open("w"))
            await Demo(system, quiet).tell(story.read(Path("examples/servers.json")))
            written = await asyncio.to_thread(lambda: list(_sections(Shell(system, place, WIDTH), place)))
    return "\n".join([_INTRODUCTION, *written])


def _sections(shell: Shell, folder: Path) -> Iterator[str]:
    for name, content in {
        "edges.csv": EDGES,
        "devices.yaml": DEVICES,
        "reservations.json": RESERVATIONS,
    }.items():
        (folder / name).write_text(content)
    for command, runs in RUNS.items():
        yield f"## onramp {command}\n"
        for arguments in (f"{command} --help", *runs):
            yield shell.run(f"onramp {arguments}")


_INTRODUCTION = """# The command line

Made by `python -m onramp.documents.commands` from a real run: the sandbox, with the scans of
`examples/servers.json` behind it.

Every command takes `--json`. Its address and credentials come from flags (`onramp --nats-url … servers`),
from the environment (`ONRAMP_NATS_URL`, `ONRAMP_NATS_USER`, `ONRAMP_NATS_PASSWORD`, `ONRAMP_NATS_TOKEN`,
`ONRAMP_NATS_CREDS`, `ONRAMP_NATS_CA_FILE`, `ONRAMP_NATS_CERT_FILE`, `ONRAMP_NATS_KEY_FILE`) or from a
context of the `nats` tool (`--context NAME`, `~/.config/nats/context/NAME.json`); the first of these that
says something wins. `ONRAMP_INTAKE_URL` says where intake is; where people sign in there, `ONRAMP_TOKEN`, or
the file that `--token-file` names, has a bearer token. `ONRAMP_NATS_MONITOR_URL` says where `doctor`
finds NATS's monitoring, `ONRAMP_OPERATOR` who acts, as the stream `OPERATIONS` records it.

| exit code | meaning |
| --- | --- |
| 0 | done, and all is well |
| 1 | done, and something is not as it should be: the output says what |
| 2 | used wrongly |
| 3 | NATS, or the service that was asked, does not answer |
| 4 | refused, for the reason that is printed |

`onramp --install-completion` sets the shell's completion up.
"""

if __name__ == "__main__":
    text = asyncio.run(_written())
    PLACE.parent.mkdir(parents=True, exist_ok=True)
    PLACE.write_text(text)
