"""Programs that the lab builds from Go modules, once, with a Go of its own where the machine has none."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from tests.lab.place import HERE, LAB, folder, run, say, write

VERSION = "1.25.0"
"""The oldest Go that Kubernetes' modules take."""

_PACKAGE = HERE / "golang.txt"


def go(*argv: object, cwd: Path) -> str:
    """Run the go command at low priority."""
    # As settings and not as flags: a generator calls go, too.
    flags = f"{os.environ.get('GOFLAGS', '')} -mod=mod -buildvcs=false -trimpath"
    path = f"{programs()}:{os.environ['PATH']}"
    return run(["nice", "go", *argv], cwd=cwd, env={"CGO_ENABLED": "0", "GOFLAGS": flags, "PATH": path})


@cache
def programs() -> Path:
    """The folder of the machine's go where that is new enough, else of one that pip puts into the lab's."""
    found = shutil.which("go")
    if found and _release(run([found, "env", "GOVERSION"])) >= _release(VERSION):
        return Path(found).parent
    own = LAB / "golang"
    if not own.exists():
        say(f"installs {_PACKAGE.read_text().split()[0]} by pip into {own}")
        part = folder("golang.part")
        shutil.rmtree(part)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "--no-compile"]
        run([*pip, "--target", part, "--requirement", _PACKAGE])
        part.rename(own)
    return own / "go" / "bin"


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


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
