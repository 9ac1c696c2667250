"""Programs that the lab builds from Go modules, once."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.lab.place import LabError, folder, run, say, write

VERSION = "1.25.0"
"""The oldest Go that Kubernetes' modules take."""


def go(*argv: object, cwd: Path) -> str:
    """Run the go command at low priority; LabError where there is none."""
    if not shutil.which("go"):
        raise LabError(
            f"kube-apiserver, etcd and the Metal3 CRDs need Go {VERSION} or newer, which is not here; "
            "KUBEBUILDER_ASSETS may name a folder that has the programs, the CRDs need Go all the same"
        )
    # As settings and not as flags: a generator calls go, too.
    flags = f"{os.environ.get('GOFLAGS', '')} -mod=mod -buildvcs=false -trimpath"
    return run(["nice", "go", *argv], cwd=cwd, env={"CGO_ENABLED": "0", "GOFLAGS": flags})


def module(name: str, requires: Sequence[str], replaces: Sequence[str] = (), main: str = "") -> Path:
    """A Go module of the lab's own that requires ``path version`` pairs."""
    path = folder("go", name)
    lines = [f"module onramp.lab/{name}", f"go {VERSION}", "godebug default=go1.25"]
    lines += [f"require {line}" for line in requires] + [f"replace {line}" for line in replaces]
    write(path / "go.mod", "\n".join(lines) + "\n")
    if main:
        write(path / "main.go", main)
    return path


def build(into: Path, package: str, *, cwd: Path, ldflags: str = "") -> None:
    """Build one static program; it appears under its name only when it is whole."""
    say(f"builds {into.name} from its Go modules")
    part = into.with_suffix(".part")
    go("build", "-ldflags", f"-s -w {ldflags}", "-o", part, package, cwd=cwd)
    part.rename(into)


def staging_modules(requirement: str) -> list[str]:
    """The modules that ``path@version`` requires at v0.0.0: Kubernetes publishes them beside it."""
    told = json.loads(go("mod", "download", "-json", requirement, cwd=folder()))
    return re.findall(r"^\s*(k8s\.io/\S+) v0\.0\.0$", Path(told["GoMod"]).read_text(), re.MULTILINE)
