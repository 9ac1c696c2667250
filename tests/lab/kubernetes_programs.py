"""kube-apiserver, etcd and the Metal3 CRDs, built from their Go modules once."""

from __future__ import annotations

import os
from pathlib import Path

from tests.lab import golang
from tests.lab.place import LAB, folder

KUBERNETES = "1.35.4"
ETCD = "v3.6.5"
CONTROLLER_TOOLS = "v0.20.1"
METAL3_API = "github.com/metal3-io/baremetal-operator/apis"
METAL3_API_VERSION = "v0.10.1"
CRDS = LAB / "kubernetes" / "crds"

_ETCD_MAIN = """package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
"""


def assets() -> Path:
    """The folder that has ``kube-apiserver`` and ``etcd``: KUBEBUILDER_ASSETS, else one of the lab's own."""
    return Path(os.environ.get("KUBEBUILDER_ASSETS") or folder("kubernetes", "bin"))


def build() -> None:
    """Fill the folder, unless KUBEBUILDER_ASSETS names it, and generate the CRDs."""
    if "KUBEBUILDER_ASSETS" not in os.environ:
        _build_apiserver(assets() / "kube-apiserver")
        _build_etcd(assets() / "etcd")
    if not CRDS.exists():
        _generate_crds()


def _build_apiserver(program: Path) -> None:
    if program.exists():
        return
    requirement = f"k8s.io/kubernetes@v{KUBERNETES}"
    staged = KUBERNETES.replace("1.", "v0.", 1)
    replaces = [f"{path} => {path} {staged}" for path in golang.staging_modules(requirement)]
    cwd = golang.module("kube-apiserver", [requirement.replace("@", " ")], replaces)
    major, minor, _ = KUBERNETES.split(".")
    values = {"gitVersion": f"v{KUBERNETES}", "gitMajor": major, "gitMinor": minor}
    ldflags = " ".join(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())
    golang.build(program, "k8s.io/kubernetes/cmd/kube-apiserver", cwd=cwd, ldflags=ldflags)


def _build_etcd(program: Path) -> None:
    if not program.exists():
        cwd = golang.module("etcd", [f"go.etcd.io/etcd/server/v3 {ETCD}"], main=_ETCD_MAIN)
        golang.build(program, ".", cwd=cwd)


def _generate_crds() -> None:
    requires = [f"{METAL3_API} {METAL3_API_VERSION}", f"sigs.k8s.io/controller-tools {CONTROLLER_TOOLS}"]
    cwd = golang.module("crds", requires)
    part = folder("kubernetes", "crds.part")
    source = f"paths={METAL3_API}/metal3.io/v1alpha1"
    generate = ["crd:allowDangerousTypes=true", source, f"output:crd:dir={part}"]
    generator = "sigs.k8s.io/controller-tools/cmd/controller-gen"
    golang.go("run", generator, *generate, cwd=cwd)
    part.rename(CRDS)
