"""kube-apiserver and etcd: Metal3's CRDs, RBAC, the operator's webhook rules, and the lab's operator."""

from __future__ import annotations

import secrets
import shutil
import sys
from pathlib import Path
from urllib.request import urlopen

import yaml

from tests.lab import kubernetes_programs as programs
from tests.lab import processes, tls
from tests.lab.place import CHECKOUT, HERE, LAB, LOOPBACK, Env, LabError, folder, port, run, write

NAMESPACE = "metal3"
MONTH = "720h"

_STATE = LAB / "kubernetes" / "state"


def up() -> Env:
    """Build the first time; then start on empty storage, apply the manifests and make the tokens."""
    programs.build()
    if not processes.running("etcd"):
        # What still runs knows tokens of the cluster that is gone.
        processes.stop("baremetal-operator")
        processes.stop("kube-apiserver")
        shutil.rmtree(_STATE, ignore_errors=True)
        write(bmcs(), "{}\n", mode=0o600)
    start()
    _apply()
    service = _kubeconfig("metal3-sync", _token("onramp", "metal3-sync"))
    operator = _kubeconfig("baremetal-operator", _token("baremetal-operator-system", "baremetal-operator"))
    start_operator(operator)
    return {
        "ONRAMP_KUBECONFIG": str(service),
        "ONRAMP_LAB_KUBECONFIG_ADMIN": str(admin()),
        "ONRAMP_LAB_BMCS": str(bmcs()),
    }


def start() -> None:
    """Start etcd and the API server on what they have stored."""
    client, peer = (f"http://{LOOPBACK}:{port(name)}" for name in ("etcd", "etcd-peer"))
    storage = {
        "data-dir": _STATE,
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"default={peer}",
        "unsafe-no-fsync": "true",
    }
    processes.start("etcd", _command("etcd", storage), ready=processes.listens(port("etcd")))
    certificate, key = tls.server()
    server = {
        "etcd-servers": client,
        "secure-port": port("kubernetes"),
        "bind-address": LOOPBACK,
        "advertise-address": LOOPBACK,
        "endpoint-reconciler-type": "none",
        "service-cluster-ip-range": "10.96.0.0/16",
        "tls-cert-file": certificate,
        "tls-private-key-file": key,
        "authorization-mode": "RBAC",
        "token-auth-file": _administrator(),
        "service-account-issuer": "https://kubernetes.default.svc",
        "service-account-key-file": tls.signing_key(),
        "service-account-signing-key-file": tls.signing_key(),
        # Only pods need what it does, and nothing here makes the service accounts that it waits for.
        "disable-admission-plugins": "ServiceAccount",
    }
    processes.start("kube-apiserver", _command("kube-apiserver", server), ready=_answers)


def start_operator(kubeconfig: Path | None = None) -> None:
    """Start the lab's operator, with the kubeconfig that ``up`` made for it."""
    config = kubeconfig or LAB / "kubernetes" / "baremetal-operator.kubeconfig"
    argv = [sys.executable, "-m", "tests.lab.operator", bmcs()]
    settings = {"KUBECONFIG": str(config), "PYTHONUNBUFFERED": "1"}
    processes.start("baremetal-operator", argv, ready=lambda: True, cwd=CHECKOUT, env=settings)


def kubectl(*argv: str, stdin: str = "") -> str:
    """Run kubectl as the administrator."""
    return run([Path(sys.executable).parent / "kubectl", f"--kubeconfig={admin()}", *argv], stdin=stdin)


def admin() -> Path:
    """The administrator's kubeconfig."""
    return _kubeconfig("admin", _administrator().read_text().partition(",")[0])


def bmcs() -> Path:
    """The table of BMCs that the lab's operator reads: see ``tests.lab.operator``."""
    return folder("kubernetes") / "bmcs.json"


def _command(program: str, flags: dict[str, object]) -> list[object]:
    return [programs.assets() / program, *(f"--{name}={value}" for name, value in flags.items())]


def _apply() -> None:
    kubectl("apply", "--server-side", "--filename", str(programs.CRDS))
    kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd/baremetalhosts.metal3.io")
    for manifests in (HERE / "manifests", CHECKOUT / "deploy" / "kubernetes" / "metal3-sync.yaml"):
        kubectl("apply", "--server-side", "--filename", str(manifests))


def _token(namespace: str, account: str) -> str:
    return kubectl("create", "token", account, f"--namespace={namespace}", f"--duration={MONTH}").strip()


def _kubeconfig(user: str, token: str) -> Path:
    cluster = {
        "server": f"https://{LOOPBACK}:{port('kubernetes')}",
        "certificate-authority": str(tls.authority()),
    }
    context = {"cluster": "lab", "user": user, "namespace": NAMESPACE}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "lab", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "lab", "context": context}],
        "current-context": "lab",
    }
    return write(LAB / "kubernetes" / f"{user}.kubeconfig", yaml.safe_dump(config), mode=0o600)


def _administrator() -> Path:
    path = folder("kubernetes") / "tokens.csv"
    line = f"{secrets.token_hex(20)},admin,admin,system:masters\n"
    return path if path.exists() else write(path, line, mode=0o600)


def _answers() -> bool:
    try:
        with urlopen(f"https://{LOOPBACK}:{port('kubernetes')}/readyz", context=tls.trust()) as answer:
            return bool(answer.status == 200)
    except (OSError, LabError):
        return False
