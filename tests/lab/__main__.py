"""``python -m tests.lab up|down|fresh|env``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.lab import bmc_network, debian, kea, kubernetes, nats, netbox, openbao, processes
from tests.lab.place import LAB, Env, LabError, forget_taken_ports, say, write

BACKENDS: dict[str, Callable[[], Env]] = {
    "NetBox": netbox.up,
    "Kubernetes": kubernetes.up,
    "Kea": kea.up,
    "OpenBao": openbao.up,
    "NATS": nats.up,
}
NEED_DEBIAN = ("NetBox", "Kea")


def up() -> None:
    """Bring every backend up and write the env file; what cannot be had is named after all others are up."""
    if not any(processes.running(name) for name in processes.started()):
        down()
        forget_taken_ports()
    told: Env = {}
    refused = _without_debian()
    with ThreadPoolExecutor() as pool:
        coming = {name: pool.submit(backend) for name, backend in BACKENDS.items() if name not in refused}
        for name, result in coming.items():
            try:
                told |= result.result()
            except (LabError, OSError) as error:
                refused[name] = str(error)
    lines = [f"{name}={shlex.quote(value)}\n" for name, value in told.items()]
    write(LAB / "env", "".join(lines), mode=0o600)
    if refused:
        raise LabError("cannot bring up\n" + "\n".join(f"{name}: {why}" for name, why in refused.items()))
    say(f"is up; its addresses and credentials are in {LAB / 'env'}")


def _without_debian() -> dict[str, str]:
    """Which backends cannot be had here, and why: those in Debian trees need root and a few packages."""
    try:
        debian.machine()
    except LabError as error:
        return dict.fromkeys(NEED_DEBIAN, str(error))
    return {}


def down() -> None:
    """End what the lab started, the newest first, and nothing else."""
    for name in processes.started():
        processes.stop(name)
    bmc_network.remove()
    (LAB / "env").unlink(missing_ok=True)


def fresh() -> None:
    """Put NetBox back to its reference data."""
    netbox.fresh()


def env() -> None:
    """Print the env file."""
    sys.stdout.write((LAB / "env").read_text())


VERBS = {"up": up, "down": down, "fresh": fresh, "env": env}


def main(arguments: list[str]) -> int:
    """Carry out the one verb that was given."""
    if len(arguments) != 1 or arguments[0] not in VERBS:
        print(f"usage: python -m tests.lab {'|'.join(VERBS)}", file=sys.stderr)
        return 2
    try:
        VERBS[arguments[0]]()
    except (LabError, OSError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
