"""`python -m onramp.documents.walk`: the README's walk, from a real run in the sandbox."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from onramp.documents.files import put
from onramp.documents.recording import Shell, running_system

WIDTH = 120

WALK: Sequence[tuple[str, str]] = (
    (
        "A technician scans a server into RB06 U31, where NetBox still has another one:",
        "onramp scan --device-name dcoa-rb06u31 --bmc-mac 3c:ec:ef:a1:9c:ed --bmc-ip 10.16.28.32 \\\n"
        "    --site dcoa --location rb06 --rack RB06 --position 31 \\\n"
        "    --device-type supermicro-1u --device-role k8s-worker",
    ),
    ("", "onramp watch --server dcoa-rb06u31"),
    ("The operator sees what failed, and who is in the way:", "onramp dead-letters list"),
    (
        "The old server was taken out of the rack last week, and nobody told NetBox:",
        'curl -s -H "Authorization: Bearer $NETBOX_TOKEN" \\\n'
        '    "$NETBOX_URL/api/dcim/devices/?name=dcoa-rb06u31-old&fields=id,name,position"',
    ),
    (
        "",
        'curl -s -X DELETE -H "Authorization: Bearer $NETBOX_TOKEN" -w "%{http_code}" \\\n'
        '    "$NETBOX_URL/api/dcim/devices/1/"',
    ),
    ("Was that all? Every step says what it would do now, and does nothing:", "onramp check dcoa-rb06u31"),
    (
        "The replay goes to the one step that failed, and the chain goes on behind it:",
        'onramp replay 1 --why "the old server was taken out of RB06 U31"',
    ),
    ("", "onramp watch --server dcoa-rb06u31"),
    ("The server's whole story:", "onramp show dcoa-rb06u31"),
)
"""What is said, and what is then typed."""


async def _recorded() -> str:
    with tempfile.TemporaryDirectory() as folder:
        async with running_system(Path(folder)) as system:
            shell = Shell(system, Path(folder), WIDTH)
            return await asyncio.to_thread(
                lambda: "\n".join(_told(said, typed, shell) for said, typed in WALK)
            )


def _told(said: str, typed: str, shell: Shell) -> str:
    return f"{said}\n\n{shell.run(typed)}" if said else shell.run(typed)


if __name__ == "__main__":
    put(Path("README.md"), "walk", asyncio.run(_recorded()))
