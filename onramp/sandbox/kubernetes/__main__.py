"""`python -m onramp.sandbox.kubernetes --port N --token onramp=secret [--write-kubeconfig FILE]`."""

import argparse
import base64
import os
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from onramp.sandbox.emulator import arguments, serve
from onramp.sandbox.kubernetes.server import build


def main() -> None:
    """Serve until told to end."""
    flags = _flags()
    tokens = dict(flags.token)
    if flags.write_kubeconfig:
        _write_kubeconfig(flags, *flags.token[0])
    table = TypeAdapter(dict[str, str])
    passwords = table.validate_json(flags.bmc.read_bytes()) if flags.bmc else {}
    serve(build(tokens, flags.namespace or ["metal3"], passwords, flags.step_seconds), flags)


def _flags() -> argparse.Namespace:
    parser = arguments("A Kubernetes API server with Metal3's types and operator.")
    parser.add_argument("--token", action="append", type=_token, required=True, metavar="NAME=TOKEN")
    parser.add_argument("--namespace", action="append", help="exists from the start (default: metal3)")
    parser.add_argument("--step-seconds", type=float, default=0.2, help="how long the operator takes a step")
    parser.add_argument("--bmc", type=Path, metavar="FILE", help="JSON: passwords by bmc.address")
    parser.add_argument("--write-kubeconfig", type=Path, metavar="FILE")
    parser.add_argument("--cafile", type=Path, help="for the kubeconfig (default: the certificate itself)")
    return parser.parse_args()


def _token(text: str) -> tuple[str, str]:
    name, separator, token = text.partition("=")
    if not (name and separator and token):
        raise argparse.ArgumentTypeError("not of the form NAME=TOKEN")
    return name, token


def _write_kubeconfig(flags: argparse.Namespace, user: str, token: str) -> None:
    """A kubeconfig for the first token, which only the owner of the file may read."""
    scheme = "https" if flags.certfile else "http"
    cluster = {"server": f"{scheme}://{flags.host}:{flags.port}"}
    if flags.certfile:
        authority = Path(flags.cafile or flags.certfile).read_bytes()
        cluster["certificate-authority-data"] = base64.b64encode(authority).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "sandbox", "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": user}}],
        "current-context": "sandbox",
    }
    with open(os.open(flags.write_kubeconfig, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        yaml.safe_dump(config, file)


if __name__ == "__main__":
    main()
