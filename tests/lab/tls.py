"""The lab's CA, its server certificate for loopback, and the key that signs service account tokens."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.lab.place import LAB, LOOPBACK, folder, write

_AUTHORITY = LAB / "tls" / "ca.pem"
_one_at_a_time = threading.Lock()


def authority() -> Path:
    """The certificate of the CA that clients have to trust."""
    _make()
    return _AUTHORITY


def server() -> tuple[Path, Path]:
    """The certificate (with its chain) and the key of every TLS server of the lab."""
    _make()
    return LAB / "tls" / "server.pem", LAB / "tls" / "server.key"


def signing_key() -> Path:
    """The key that signs service account tokens."""
    _make()
    return LAB / "tls" / "service-accounts.key"


def trust() -> ssl.SSLContext:
    """A client's settings that trust the lab's CA and nobody else."""
    return ssl.create_default_context(cafile=str(authority()))


def _make() -> None:
    with _one_at_a_time:
        if _AUTHORITY.exists():
            return
        ca = trustme.CA(organization_name="Onramp lab")
        issued = ca.issue_cert(LOOPBACK, "localhost")
        chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems).decode()
        path = folder("tls")
        write(path / "server.pem", chain)
        write(path / "server.key", issued.private_key_pem.bytes().decode(), mode=0o600)
        signing = ec.generate_private_key(ec.SECP256R1())
        pem = signing.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        write(path / "service-accounts.key", pem.decode(), mode=0o600)
        write(_AUTHORITY, ca.cert_pem.bytes().decode())
