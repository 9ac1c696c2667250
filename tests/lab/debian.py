"""Debian packages on this machine, and Debian trees in the lab's folder for the releases that it needs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.lab.place import LAB, LabError, folder, run, say, write

PACKAGES = {"debootstrap": "debootstrap", "iproute2": "ip", "busybox": "busybox"}
"""What the lab installs on the machine itself, with the command by which it sees that it is there."""

# The machine's own debootstrap may be older than the release; the script has been the same since trixie.
SCRIPT = "/usr/share/debootstrap/scripts/trixie"


def machine() -> None:
    """Install the machine's packages that are missing, saying so first; LabError where that takes root."""
    if os.geteuid():
        raise LabError(
            "the lab needs root, for Debian packages, Debian trees, Kea's raw sockets and network namespaces"
        )
    missing = [package for package, command in PACKAGES.items() if not shutil.which(command)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise LabError(f"the lab installs {', '.join(missing)} by apt-get, which this machine does not have")
    say(f"installs on this machine, by apt-get: {', '.join(missing)}")
    run(["apt-get", "update", "-qq"])
    run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
        env={"DEBIAN_FRONTEND": "noninteractive"},
    )


def tree(release: str, packages: Sequence[str]) -> Path:
    """The Debian tree of that release with those packages, made by debootstrap the first time."""
    path = LAB / release
    if not path.exists():
        say(f"installs Debian {release} into {path}: {', '.join(packages)}")
        part = folder(f"{release}.part")
        shutil.rmtree(part)
        _keep_quiet(part)
        include = f"--include=ca-certificates,{','.join(packages)}"
        # What it mounts in the tree goes with it, however it ends.
        debootstrap = ["nice", "unshare", "--mount", "debootstrap", "--variant=minbase"]
        run([*debootstrap, include, release, part, "", SCRIPT])
        # pip inside trusts whom this machine trusts.
        trusted = Path("/etc/ssl/certs/ca-certificates.crt")
        shutil.copy(trusted, part / trusted.relative_to("/"))
        part.rename(path)
    return path


def _keep_quiet(root: Path) -> None:
    """Let no package start a service or make a database cluster while it is installed."""
    write(root / "usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", mode=0o755)
    write(root / "etc/postgresql-common/createcluster.conf", "create_main_cluster = false\n")
